import v8 from 'node:v8';

/**
 * What makes V8 optimise only functions that have run for longer than most do in one check, by its major version.
 * Optimising takes a third of the processor time of a check of fifty files and of five hundred, and does not pay.
 * The flags are those of Node 20 (V8 11) and 24 (V8 13); V8 complains about one that it does not have.
 */
const flags: Readonly<Record<number, string>> = {
  11: '--interrupt-budget=600000',
  13: '--invocation-count-for-turbofan=100000',
};

/** Spares the compiler in a program that ends within seconds; to be called before there is anything to optimise. */
export function compileFrugally(): void {
  const flag = flags[Number.parseInt(process.versions.v8, 10)];
  if (flag !== undefined) v8.setFlagsFromString(flag);
}
