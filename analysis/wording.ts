/** `a, b and c`. */
export function listed(words: readonly string[], conjunction: 'and' | 'or' = 'and'): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${conjunction} ${words.at(-1)}`;
}

/** `a, b and c`; of more words than `most`, `a, b and 7 more`. */
export function few(words: readonly string[], most = 6): string {
  return listed(words.length > most ? [...words.slice(0, most - 1), `${words.length - most + 1} more`] : words);
}

/** `1 pod`, `3 pods`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** A text as a sentence begins. */
export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
