package ledger

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

func TestEncode(t *testing.T) {
	long := strings.Repeat("n", 200)
	tests := []struct {
		name       string
		entry      Entry
		key, value string
	}{
		{
			name:  "an object in a namespace",
			entry: Entry{Key: delivery.Key{Kind: "deployments.apps", Namespace: "shire", Name: "web.v1"}, UID: "1-2"},
			key:   "deployments.apps__shire__web.v1", value: "1-2 delete",
		},
		{
			name:  "an object of the cluster, to be orphaned",
			entry: Entry{Key: delivery.Key{Kind: "namespaces", Name: "shire"}, UID: "1-2", Orphan: true},
			key:   "namespaces__shire", value: "1-2 orphan",
		},
		{
			name:  "sources that went before, and the version of the kind",
			entry: Entry{Key: delivery.Key{Kind: "rings.middle.earth", Namespace: "shire", Name: "one"}, UID: "3", Former: "1,2_", Version: "v1"},
			key:   "rings.middle.earth__shire__one", value: "3,1,2_5f delete v1",
		},
		{
			name:  "names that a key may not have",
			entry: Entry{Key: delivery.Key{Kind: "roles", Namespace: "a_b", Name: "..system:x"}, UID: "1 2"},
			key:   "roles__a_5fb___2e.system_3ax", value: "1_202 delete",
		},
		{
			name:  "names that are too long",
			entry: Entry{Key: delivery.Key{Kind: "configmaps", Namespace: "shire", Name: long + long}, UID: "1"},
			key:   "_xe1d01b81fcfd501d9210c58acbc72feaf5bd5052cdc80d7e3165b723612459c0", value: "1 delete configmaps__shire__" + long + long,
		},
		{
			name:  "names that are too long, and a version",
			entry: Entry{Key: delivery.Key{Kind: "configmaps", Namespace: "shire", Name: long + long}, UID: "1", Version: "v1"},
			key:   "_xe1d01b81fcfd501d9210c58acbc72feaf5bd5052cdc80d7e3165b723612459c0", value: "1 delete v1 configmaps__shire__" + long + long,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key, value := encode(tt.entry)
			if key != tt.key || value != tt.value {
				t.Errorf("encode = %q, %q; want %q, %q", key, value, tt.key, tt.value)
			}
			if got, err := decode(key, value); err != nil || got != tt.entry {
				t.Errorf("decode = %+v, %v; want %+v", got, err, tt.entry)
			}
		})
	}
}

func TestDecodeOfWhatIsNoEntry(t *testing.T) {
	tests := []struct{ name, key, value string }{
		{"no value", "namespaces__shire", ""},
		{"no such duty", "namespaces__shire", "1 keep"},
		{"no name", "namespaces", "1 delete"},
		{"too many names", "a__b__c__d", "1 delete"},
		{"an escape that ends early", "a__b__c_2", "1 delete"},
		{"an escape that is none", "a__b__c_zz", "1 delete"},
		{"a hash without what it stands for", "_xabc", "1 delete"},
		{"a UID that is escaped wrongly", "a__b", "_ delete"},
		{"a former UID that is escaped wrongly", "a__b", "1,_ delete"},
		{"more than a version", "a__b", "1 delete v1 v2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := decode(tt.key, tt.value); err == nil {
				t.Errorf("decode = %+v", got)
			}
		})
	}
}

func FuzzEncode(f *testing.F) {
	f.Add("deployments.apps", "shire", "web", "1-2", "0,1", "v1", true)
	f.Add("", "", "", "", "", "", false)
	f.Add("_x", "_", "__", " ", ",", " ", false)
	f.Add("a", "é\x00", strings.Repeat("/", 300), "_", "_", "_", true)
	f.Fuzz(func(t *testing.T, kind, namespace, name, uid, former, version string, orphan bool) {
		want := Entry{
			Key: delivery.Key{Kind: kinds.ID(kind), Namespace: namespace, Name: name}, UID: types.UID(uid), Former: Former(former), Orphan: orphan, Version: version,
		}
		key, value := encode(want)
		if wrong := validation.IsConfigMapKey(key); len(wrong) > 0 {
			t.Errorf("key %q: %v", key, wrong)
		}
		if got, err := decode(key, value); err != nil || got != want {
			t.Errorf("decode(%q, %q) = %+v, %v; want %+v", key, value, got, err, want)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add("deployments.apps__shire__web", "1-2 delete")
	f.Add("_xabc", "1-2 orphan a__b")
	f.Add("a__b", "2,1 delete v1")
	f.Fuzz(func(t *testing.T, key, value string) {
		e, err := decode(key, value)
		if err != nil {
			return
		}
		again, err := decode(encode(e))
		if err != nil || again != e {
			t.Errorf("%+v has become %+v, %v", e, again, err)
		}
	})
}
