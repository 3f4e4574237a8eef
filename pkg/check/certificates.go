package check

import (
	"context"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/fedhelm/fedhelm/pkg/federation"
)

func (t *Target) certificateChecks() []Check {
	return under(CategoryCertificates, Check{Name: "certificates", Run: func(ctx context.Context) Outcome {
		all, err := federation.Certificates(ctx, t.Host.Client, t.Ref)
		if err != nil {
			return unseen(err, "look at the certificates")
		}
		return t.certificates(all, time.Now())
	}})
}

// certificates judges how long they have to live. The one that expires first is at the front.
func (t *Target) certificates(all []federation.Certificate, now time.Time) Outcome {
	if len(all) == 0 {
		return failure(t.status(), "namespace %q holds no certificates of federation %q", t.Namespace, t.Name)
	}
	var expired, late []string
	for _, c := range all {
		of := c.Secret + "/" + c.Key
		switch remainingLife(c.Issued, c.Expires, now) {
		case lifeOver:
			expired = append(expired, fmt.Sprintf("%s since %s", of, day(c.Expires)))
		case lifeEnding:
			late = append(late, fmt.Sprintf("%s in %s", of, duration.HumanDuration(c.Expires.Sub(now))))
		case lifeGood:
		}
	}
	renew := t.kubectl() + " create job --from=cronjob/" + t.Name + "-renew renew-now"
	switch {
	case len(expired) > 0:
		return failure(renew, "%d of %d certificates have expired: %s", len(expired), len(all), strings.Join(expired, ", "))
	case len(late) > 0:
		return warning(renew, "%d of %d certificates should have been renewed and expire soon: %s", len(late), len(all), strings.Join(late, ", "))
	default:
		return ok("%d are valid, the first to expire is %s/%s in %s", len(all), all[0].Secret, all[0].Key, duration.HumanDuration(all[0].Expires.Sub(now)))
	}
}

// life is where something that expires stands.
type life int

const (
	lifeGood life = iota
	lifeEnding
	lifeOver
)

// remainingLife judges by the share that is left: whatever renews does so when a third is left, or sooner. Less than a sixth
// means that it does not, however long the life is.
func remainingLife(from, until, now time.Time) life {
	switch left := until.Sub(now); {
	case left <= 0:
		return lifeOver
	case left < until.Sub(from)/6:
		return lifeEnding
	default:
		return lifeGood
	}
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }
