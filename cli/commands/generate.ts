import type { CredentialKind } from '../../analysis/credentials/kinds';
import { generators } from '../../credentials/generate';
import { oneOf, parse, UsageError } from '../usage';

/** Prints one new credential and a line break, nothing else, so that it can be piped to where it belongs. */
export async function generate(argv: readonly string[]): Promise<number> {
  const { positionals } = parse(argv, {});
  const [given] = positionals;
  const [first] = kinds;
  if (given === undefined || first === undefined) throw new UsageError(`say what to generate: ${kinds.join(', ')}`);
  process.stdout.write(`${await credentials[oneOf('generate', given, kinds, first)]()}\n`);
  return 0;
}

/** By the names of the command line. */
const credentials = {
  password: generators.password,
  hex: generators.hex,
  django: generators.django,
  rsa: generators['rsa-pkcs1'],
  'signing-key': generators['signing-key'],
  /** An entry of `keys` in LiveKit's configuration; its server refuses secrets of fewer than 32 characters. */
  'livekit-key': async () => `${await generators['livekit-api-key']()}: ${await generators.password()}`,
  fernet: generators.fernet,
  's3-access-key': generators['s3-access-key'],
  's3-secret-key': generators['s3-secret-key'],
} satisfies Readonly<Record<string, (typeof generators)[CredentialKind]>>;
const kinds = Object.keys(credentials) as readonly (keyof typeof credentials)[];
