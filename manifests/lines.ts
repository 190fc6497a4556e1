/** A zero-based line and a zero-based UTF-16 column, as in LSP. */
export interface Position {
  readonly line: number;
  readonly character: number;
}

/** Converts between offsets and positions of one text. Built once per text, in one pass. */
export class LineIndex {
  readonly #starts: readonly number[];
  readonly #length: number;

  constructor(text: string) {
    const starts = [0];
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
    this.#starts = starts;
    this.#length = text.length;
  }

  get lineCount(): number {
    return this.#starts.length;
  }

  position(offset: number): Position {
    const line = this.lineOf(offset);
    return { line, character: offset - this.startOf(line) };
  }

  /** The offset of a position; what lies behind the end of a line or of the text means that end, as LSP says. */
  offset({ line, character }: Position): number {
    if (line >= this.#starts.length) return this.#length;
    const start = this.startOf(line);
    const next = this.#starts[line + 1];
    const end = next === undefined ? this.#length : next - 1;
    return Math.min(end, start + Math.max(0, character));
  }

  startOf(line: number): number {
    return this.#starts[Math.max(0, Math.min(line, this.#starts.length - 1))] ?? 0;
  }

  lineOf(offset: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** Where the line of an offset begins. */
export function startOfLine(text: string, offset: number): number {
  return offset === 0 ? 0 : text.lastIndexOf('\n', offset - 1) + 1;
}

/** Where the newline stands that ends the line of an offset, or the end of the text. A `\r` before it is the line's. */
export function endOfLine(text: string, offset: number): number {
  const newline = text.indexOf('\n', offset);
  return newline === -1 ? text.length : newline;
}

/** Where the line below that of an offset begins, or the end of the text. */
export function startOfNextLine(text: string, offset: number): number {
  return Math.min(endOfLine(text, offset) + 1, text.length);
}

/** The whole lines that a part of a text touches, without the newline that ends the last. */
export function linesAround(text: string, start: number, end = start): string {
  return text.slice(startOfLine(text, start), endOfLine(text, end));
}
