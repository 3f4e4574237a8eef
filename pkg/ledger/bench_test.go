package ledger

import (
	"fmt"
	"testing"

	"k8s.io/apimachinery/pkg/types"

	"github.com/fedhelm/fedhelm/pkg/delivery"
)

// full100k is a book of a hundred thousand entries.
func full100k(b *testing.B) (*Ledger, []Entry) {
	b.Helper()
	l := New(nil)
	entries := make([]Entry, 100_000)
	add := make(map[delivery.Key]Entry, len(entries))
	for i := range entries {
		entries[i] = entry(fmt.Sprintf("an-object-with-a-name-of-usual-length-%06d", i), "0ca04172-59a9-4ac3-9d26-1ff9d9a5c27d")
		add[entries[i].Key] = entries[i]
	}
	book := l.book("gondor")
	for _, c := range book.changes("gondor", add) {
		book.replace(c.page.name, c.apply())
	}
	return l, entries
}

func BenchmarkOwed(b *testing.B) {
	l, entries := full100k(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, ok := l.Owed("gondor", entries[i%len(entries)].Key); !ok {
			b.Fatal("not owed")
		}
	}
}

// What it takes to find where one more entry goes, and to write the page for it.
func BenchmarkOneMore(b *testing.B) {
	l, _ := full100k(b)
	book := l.book("gondor")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		e := entry(fmt.Sprint("more-", i), types.UID("1"))
		for _, c := range book.changes("gondor", map[delivery.Key]Entry{e.Key: e}) {
			if m := c.apply().configMap("gondor"); len(m.Data) == 0 {
				b.Fatal("nothing to write")
			}
		}
	}
}
