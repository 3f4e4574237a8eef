package main

import (
	"slices"
	"strings"
)

// nearest is the name that somebody who wrote word most likely meant: one with a letter or two of difference, else one that
// has word as its first or last part. "" when none is near enough to be worth a question.
func nearest(word string, names []string) string {
	names = slices.Sorted(slices.Values(names))
	found, least := "", max(1, len(word)/3)+1
	for _, name := range names {
		if d := editDistance(word, name); d < least && d < len(name) {
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

// editDistance is how many letters must be put in, taken out or changed to make one word of the other.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			changed := diagonal
			if a[i] != b[j] {
				changed++
			}
			diagonal = row[j+1]
			row[j+1] = min(changed, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
