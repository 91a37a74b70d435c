// Package text is the rule for every free text that one user can show to others: names,
// messages, reasons, reactions and attributes. [Rule.Clean] normalises a text (NFC),
// refuses what deceives or breaks a display, and [WordList] filters it. Lengths are in
// code points: one letter with a combining mark that has no composed form counts as two.
//
// The package is pure. It reads each text once, so that its cost is linear in the text.
package text
