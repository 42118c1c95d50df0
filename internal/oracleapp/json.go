package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// member is a key of an object, whose order counts.
type member struct {
	key   string
	value any
}

type object []member

// appendJSON writes a value without blanks and in pure ASCII. A string is taken
// as latin1: one byte is one character.
func appendJSON(dst []byte, value any) []byte {
	switch v := value.(type) {
	case string:
		return appendString(dst, v)
	case bool:
		return strconv.AppendBool(dst, v)
	case int:
		return strconv.AppendInt(dst, int64(v), 10)
	case []string:
		return appendArray(dst, v)
	case []any:
		return appendArray(dst, v)
	case object:
		dst = append(dst, '{')
		for i, m := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendString(dst, m.key), ':')
			dst = appendJSON(dst, m.value)
		}
		return append(dst, '}')
	}
	panic(fmt.Sprintf("oracleapp: no JSON for %T", value))
}

func appendArray[T any](dst []byte, all []T) []byte {
	dst = append(dst, '[')
	for i, v := range all {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendJSON(dst, v)
	}
	return append(dst, ']')
}

func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\b':
			dst = append(dst, `\b`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\f':
			dst = append(dst, `\f`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c < 0x20 || c >= 0x7f:
			dst = fmt.Appendf(dst, `\u%04x`, c)
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

// sorted returns [key, value] pairs in the order of the keys. What Node keeps as
// a list, set-cookie, comes from lists.
func sorted(fields map[string]string, lists map[string][]string) (pairs []any) {
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		var value any = fields[key]
		if key == "set-cookie" {
			value = lists[key]
		}
		pairs = append(pairs, []any{key, value})
	}
	return pairs
}

// sortedLists is sorted for lists alone.
func sortedLists(lists map[string][]string) (pairs []any) {
	for _, key := range slices.Sorted(maps.Keys(lists)) {
		pairs = append(pairs, []any{key, lists[key]})
	}
	return pairs
}
