package siotest

// Verdict returns the failures of a test.
var Verdict = verdict
