// Package depstest holds the house: which package may import which. It has
// nothing but tests; floors_test.go is the table, check_test.go says what is
// checked. If it fails, the design question is yours, not the test's.
package depstest
