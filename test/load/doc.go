// Command load drives Anteroom and what one could run instead with the same work
// on the same machine in the same run, and writes tables of what it saw. `make
// bench` runs it; README.md in this directory says how it measures.
package main
