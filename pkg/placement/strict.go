package placement

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ErrMalformed is returned for an annotation that cannot be read. It is the object's user who must mend it: trying again
// before the object changes is of no use.
var ErrMalformed = errors.New("annotation is malformed")

// malformed names the object and its annotation, says what is wrong with it, and shows one that is right.
func malformed(o metav1.Object, annotation string, err error, example string) error {
	name := o.GetName()
	if namespace := o.GetNamespace(); namespace != "" {
		name = namespace + "/" + name
	}
	what := strings.ReplaceAll(err.Error(), "\n", "; ") // of several errors joined
	return fmt.Errorf("%w: %s of %q: %s; a right one is for example: %s", ErrMalformed, annotation, name, what, example)
}

// decodeStrict reads one JSON value, of a type that into points to. Fields that are not known or come twice are errors, since
// a misspelt one would silently mean something else; the case of their names is irrelevant, as in federation v1.
func decodeStrict(value string, into any) error {
	decoder := json.NewDecoder(strings.NewReader(value))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return jsonError(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON value")
	}
	if strings.TrimSpace(value) == "null" {
		return errors.New("the value is null")
	}
	return checkUnique(json.NewDecoder(strings.NewReader(value)))
}

// jsonError puts into the words of the annotation's user what encoding/json says of Go types.
func jsonError(err error) error {
	var mismatch *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the JSON value is empty or ends too early")
	case errors.As(err, &mismatch) && mismatch.Field != "":
		return fmt.Errorf("%s cannot be a %s", mismatch.Field, mismatch.Value)
	case errors.As(err, &mismatch):
		return fmt.Errorf("the JSON value cannot be a %s", mismatch.Value)
	}
	return errors.New(strings.TrimPrefix(err.Error(), "json: "))
}

// checkUnique reads one well-formed JSON value and finds keys that an object of it has twice.
func checkUnique(decoder *json.Decoder) error {
	token, err := decoder.Token()
	if err != nil {
		return jsonError(err)
	}
	delimiter, ok := token.(json.Delim)
	if !ok {
		return nil
	}
	seen := map[string]bool{}
	for decoder.More() {
		if delimiter == '{' {
			token, err := decoder.Token()
			if err != nil {
				return jsonError(err)
			}
			name, _ := token.(string)
			if folded := strings.ToLower(name); seen[folded] {
				return fmt.Errorf("%q is there twice", name)
			} else {
				seen[folded] = true
			}
		}
		if err := checkUnique(decoder); err != nil {
			return err
		}
	}
	_, err = decoder.Token() // the closing one
	return err
}
