//go:build !unix

package loop

import "errors"

// Dup is not needed where there are no loops.
func Dup(int) (int, error) { return 0, errors.ErrUnsupported }
