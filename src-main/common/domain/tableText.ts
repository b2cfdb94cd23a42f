/**
 * Texts in tables of comma-separated values. A spreadsheet takes a cell that begins with = + - @ for a formula and runs it when the file
 * is opened, whoever wrote the cell: a class name, a barcode, a column of a file from elsewhere. The usual guard is an apostrophe before it
 * (OWASP, CSV Injection), which spreadsheets take for “this is text”. Other readers see the apostrophe, so it is put only where it is
 * needed: numbers in texts (-5) and signs alone (the strands + and -) are not run.
 */

/** What is white or a control character before it is left out by the spreadsheet. */
const likeFormula = /^[\s\u0000-\u001f]*[=+\-@＝＋－＠]/u
const numberText = /^[+-]?[\d.,\s]*\d[\d.,\s]*(?:e[+-]?\d+)?\s?%?$/i
const signsAlone = /^[+\-/\s]+$/

const isLikeFormula = (text: string): boolean => likeFormula.test(text) && !numberText.test(text) && !signsAlone.test(text)

/** The text as a spreadsheet may open it. */
export const guardedText = (text: string): string => (isLikeFormula(text) ? `'${text}` : text)

/** What `guardedText` was made of. */
export const unguardedText = (text: string): string => (text.startsWith("'") && isLikeFormula(text.slice(1)) ? text.slice(1) : text)
