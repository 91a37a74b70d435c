package siotest

// Verdict is what a test fails with.
var Verdict = verdict
