package main

import "testing"

func TestNearest(t *testing.T) {
	names := []string{"dns-zone", "dry-run", "host-cluster-context", "cluster-context", "o", "output", "join", "unjoin", "init", "status", "etcd-pv-capacity"}
	tests := []struct {
		name, word, want string
	}{
		{name: "a letter too few", word: "stats", want: "status"},
		{name: "a letter too many", word: "joinn", want: "join"},
		{name: "two letters the other way round", word: "dry-rnu", want: "dry-run"},
		{name: "underscores, which kubefed took", word: "etcd_pv_capacity", want: "etcd-pv-capacity"},
		{name: "the last part of a name", word: "zone", want: "dns-zone"},
		{name: "the first part of a name", word: "etcd", want: "etcd-pv-capacity"},
		{name: "of two that fit, the one that sorts first", word: "context", want: "cluster-context"},
		{name: "a word like no other", word: "bogus"},
		{name: "a short word is not like any short name", word: "x"},
		{name: "a word with as many letters", word: "foo"},
		{name: "nothing", word: ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := nearest(tt.word, names); got != tt.want {
				t.Errorf("nearest(%q) = %q, want %q", tt.word, got, tt.want)
			}
		})
	}
}
