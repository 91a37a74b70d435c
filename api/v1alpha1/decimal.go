package v1alpha1

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// Decimal is a number that may have a fraction. In YAML a whole number can be
// written plainly (50), a fraction in quotes ("0.5"), so that no client rounds
// it. At most 12 digits before and 6 after the point. Empty means not set.
//
// +kubebuilder:validation:XIntOrString
// +kubebuilder:validation:MaxLength=20
// +kubebuilder:validation:Pattern=`^-?[0-9]{1,12}([.][0-9]{1,6})?$`
type Decimal string

// NewDecimal returns f rounded to six digits after the point.
func NewDecimal(f float64) Decimal {
	return Decimal(strconv.FormatFloat(math.Round(f*1e6)/1e6, 'f', -1, 64))
}

// Float64 returns the number, or an error when it is empty or not a number.
func (d Decimal) Float64() (float64, error) {
	f, err := strconv.ParseFloat(string(d), 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a decimal number", string(d))
	}
	return f, nil
}

// UnmarshalJSON reads a JSON number or a string that holds one.
func (d *Decimal) UnmarshalJSON(b []byte) error {
	var number json.Number
	if err := json.Unmarshal(b, &number); err != nil {
		return fmt.Errorf("a decimal is a number such as 50 or \"0.5\": %w", err)
	}
	*d = Decimal(number)
	return nil
}
