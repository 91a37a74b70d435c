package v1alpha1_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

func TestDurationJSON(t *testing.T) {
	tests := []struct {
		text, back string
		want       time.Duration
		fails      bool
	}{
		{text: `"20s"`, want: 20 * time.Second, back: `"20s"`},
		{text: `"720h"`, want: 720 * time.Hour, back: `"720h0m0s"`},
		{text: `"1.5s"`, want: 1500 * time.Millisecond, back: `"1.5s"`},
		{text: `"soon"`, fails: true},
		{text: `20`, fails: true},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			var got v1alpha1.Duration
			if err := json.Unmarshal([]byte(test.text), &got); (err != nil) != test.fails {
				t.Fatalf("error = %v, want one: %v", err, test.fails)
			}
			if test.fails {
				return
			}
			if got != v1alpha1.NewDuration(test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
			back, err := json.Marshal(got)
			if err != nil || string(back) != test.back {
				t.Errorf("written as %s (%v), want %s", back, err, test.back)
			}
		})
	}
}

func TestDecimalJSON(t *testing.T) {
	tests := []struct {
		text  string
		want  v1alpha1.Decimal
		float float64
		fails bool
	}{
		{text: `50`, want: "50", float: 50},
		{text: `"50"`, want: "50", float: 50},
		{text: `"0.5"`, want: "0.5", float: 0.5},
		{text: `-1.25`, want: "-1.25", float: -1.25},
		{text: `true`, fails: true},
		{text: `"many"`, fails: true},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			var got v1alpha1.Decimal
			if err := json.Unmarshal([]byte(test.text), &got); (err != nil) != test.fails {
				t.Fatalf("error = %v, want one: %v", err, test.fails)
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if float, err := got.Float64(); (err != nil) != test.fails || float != test.float {
				t.Errorf("Float64() = %v, %v, want %v", float, err, test.float)
			}
		})
	}
}

func TestNewDecimalRounds(t *testing.T) {
	for f, want := range map[float64]v1alpha1.Decimal{3: "3", 0.5: "0.5", 1.0 / 3: "0.333333", -2.5: "-2.5", 1e-9: "0"} {
		if got := v1alpha1.NewDecimal(f); got != want {
			t.Errorf("NewDecimal(%v) = %q, want %q", f, got, want)
		}
	}
}

func TestLabelSelectorStandard(t *testing.T) {
	var none *v1alpha1.LabelSelector
	if none.Standard() != nil {
		t.Error("no selector must stay none: an empty one picks everything")
	}
	selector := &v1alpha1.LabelSelector{
		MatchLabels:      map[string]string{"app": "api"},
		MatchExpressions: []v1alpha1.LabelRequirement{{Key: "tier", Operator: metav1.LabelSelectorOpIn, Values: []string{"front"}}},
	}
	want := &metav1.LabelSelector{
		MatchLabels:      map[string]string{"app": "api"},
		MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "tier", Operator: metav1.LabelSelectorOpIn, Values: []string{"front"}}},
	}
	got := selector.Standard()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	got.MatchLabels["app"], got.MatchExpressions[0].Values[0] = "other", "other"
	if selector.MatchLabels["app"] != "api" || selector.MatchExpressions[0].Values[0] != "front" {
		t.Error("the copy shares memory with the original")
	}
}
