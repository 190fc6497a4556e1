/** What the tests in a browser need of Node's module of this name. */

export function ok(value: unknown, message = 'it does not hold'): asserts value {
  if (!value) fail(message);
}

export function equal(actual: unknown, expected: unknown, message?: string): void {
  if (!Object.is(actual, expected)) fail(message ?? `${String(actual)} is not ${String(expected)}`);
}

export function deepEqual(actual: unknown, expected: unknown, message?: string): void {
  equal(JSON.stringify(actual), JSON.stringify(expected), message);
}

export function match(text: string, pattern: RegExp, message?: string): void {
  if (!pattern.test(text)) fail(message ?? `${text} does not match ${pattern}`);
}

export function fail(message: string): never {
  throw new Error(message);
}
