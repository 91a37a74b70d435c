// Command load drives Anteroom and its alternatives with the same work on the same
// machine in the same run, and writes tables of the results. `make bench` runs it;
// README.md in this directory describes the measurement.
package main
