/** What a plain scalar means to Kubernetes. */
export type ScalarValue = string | number | boolean | null;

/**
 * Resolves a plain (unquoted, untagged) scalar as kubectl's YAML reader does.
 *
 * kubectl reads manifests with sigs.k8s.io/yaml, a fork of go-yaml v2, which follows YAML 1.1:
 * `yes`, `no`, `on`, `off`, `y` and `n` are booleans, `0777` is octal, `1_000` is a number, and
 * timestamps stay strings (go-yaml v2 resolve.go: resolveTable and resolve).
 */
export function resolvePlain(text: string): ScalarValue {
  const first = text.charCodeAt(0);
  if (Number.isNaN(first)) return null;
  // Letters, digits, signs, `.` and `~` are the only first characters of a scalar that is not a string.
  if (isLetterOrTilde(first)) {
    if (text.length > 5) return text;
    const word = words.get(text);
    return word === undefined ? text : word;
  }
  if ((first >= 48 && first <= 57) || first === 43 || first === 45 || first === 46) return resolveNumber(text);
  return text;
}

const words = new Map<string, ScalarValue>([
  ...['', '~', 'null', 'Null', 'NULL'].map(word => [word, null] as const),
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map(word => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map(word => [word, false] as const),
]);

function isLetterOrTilde(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 126;
}

function resolveNumber(text: string): ScalarValue {
  if (/^[-+]?\.(?:inf|Inf|INF)$/.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  if (/^\.(?:nan|NaN|NAN)$/.test(text)) return Number.NaN;
  const plain = text.replaceAll('_', '');
  if (/^[-+]?(?:0|[1-9][0-9]*)$/.test(plain)) return Number(plain);
  const radix = /^([-+]?)0(b[01]+|x[0-9a-fA-F]+|o?[0-7]+)$/.exec(plain);
  if (radix) {
    const digits = radix[2] ?? '';
    const value = /^[bxo]/.test(digits) ? Number(`0${digits}`) : Number.parseInt(digits, 8);
    return radix[1] === '-' ? -value : value;
  }
  return /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/.test(plain) ? Number(plain) : text;
}
