import { credentialKinds, credentials } from '../generate/credential';
import { oneOf, parse, UsageError } from '../usage';

/** Prints one new credential and a line break, nothing else, so that it can be piped to where it belongs. */
export function generate(argv: readonly string[]): number {
  const { positionals } = parse(argv, {});
  const [given] = positionals;
  const [first] = credentialKinds;
  if (given === undefined || first === undefined)
    throw new UsageError(`say what to generate: ${credentialKinds.join(', ')}`);
  process.stdout.write(`${credentials[oneOf('generate', given, credentialKinds, first)]()}\n`);
  return 0;
}
