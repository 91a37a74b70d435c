package v1alpha1

import (
	"encoding/json"
	"fmt"
	"time"
)

// Duration is a positive span of time, written as Go writes it: "500ms", "20s",
// "5m", "1h30m". Its JSON is that of metav1.Duration; it is a type of its own so
// that one rule, with a text for users, holds wherever a duration is written.
//
// +kubebuilder:validation:Type=string
// +kubebuilder:validation:MaxLength=20
// +kubebuilder:validation:XValidation:rule=`self.matches('^([0-9]{1,6}([.][0-9]{1,9})?(h|m|s|ms))+$') && duration(self) > duration('0s')`,message="must be a positive duration such as 500ms, 20s, 5m or 1h30m"
type Duration struct {
	time.Duration `json:"-"`
}

// NewDuration returns d as a Duration.
func NewDuration(d time.Duration) Duration {
	return Duration{Duration: d}
}

// MarshalJSON writes the duration as a string.
func (d Duration) MarshalJSON() ([]byte, error) {
	return json.Marshal(d.String())
}

// UnmarshalJSON reads a string that time.ParseDuration understands.
func (d *Duration) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return fmt.Errorf("a duration is a string such as \"20s\": %w", err)
	}
	parsed, err := time.ParseDuration(text)
	if err != nil {
		return err
	}
	d.Duration = parsed
	return nil
}
