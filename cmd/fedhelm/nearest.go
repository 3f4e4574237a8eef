package main

import (
	"slices"
	"strings"

	"github.com/xrash/smetrics"
)

// nearest is the name that somebody who wrote word most likely meant: one with a letter or two of difference, else one that
// has word as its first or last part. "" when none is near enough to be worth a question.
func nearest(word string, names []string) string {
	names = slices.Sorted(slices.Values(names))
	found, least := "", max(1, len(word)/3)+1
	for _, name := range names {
		if d := smetrics.WagnerFischer(word, name, 1, 1, 1); d < least && d < len(name) {
			found, least = name, d
		}
	}
	if found != "" || len(word) < 3 {
		return found
	}
	for _, name := range names {
		if strings.HasSuffix(name, "-"+word) || strings.HasPrefix(name, word+"-") {
			return name
		}
	}
	return ""
}
