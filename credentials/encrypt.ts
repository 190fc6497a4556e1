/*
 * How Secrets are given to the programs that encrypt them. Neither gets a value in an argument: both read their standard
 * input and write to their standard output.
 */

/** A `.sops.yaml`: its path, and what it says. */
export interface SopsConfig {
  readonly path: string;
  readonly text: string;
}

/**
 * The arguments with which SOPS encrypts manifests from its standard input (since 3.10) for a file of a path. The rules of a
 * `.sops.yaml` are chosen by that path, and SOPS looks for the file from its working directory upwards, so it is named.
 * Only the values are encrypted, as every operator that decrypts Secrets needs it: kind and name stay readable. Rules that
 * say themselves what is encrypted are left alone; SOPS refuses two such statements.
 * Source: getsops.io/docs, "Encrypting and decrypting from other programs" and "Encrypting only parts of a file".
 */
export function sopsArguments(target: string, config: SopsConfig | undefined): readonly string[] {
  const says = /^[\s-]*["']?(?:un)?encrypted_(?:comment_)?(?:regex|suffix)["']?\s*:/m.test(config?.text ?? '');
  return [
    ...(config ? ['--config', config.path] : []),
    'encrypt',
    ...(says ? [] : ['--encrypted-regex', '^(data|stringData)$']),
    '--filename-override',
    target,
    '--input-type',
    'yaml',
    '--output-type',
    'yaml',
  ];
}

/** kubeseal takes one manifest at a time, and seals for the cluster of its configuration or of `SEALED_SECRETS_CERT`. */
export const kubesealArguments: readonly string[] = ['--format', 'yaml'];

/**
 * Whether kubeseal can tell for which namespace a Secret is sealed. What it makes is opened under one name in one namespace,
 * and without one it takes that of the current context, which is any.
 * Source: bitnami-labs/sealed-secrets README, "Scopes".
 */
export function isSealable(manifest: string, namespace: string | undefined): boolean {
  return (
    namespace !== undefined || /^\s+["']?sealedsecrets\.bitnami\.com\/cluster-wide["']?:\s*["']?true/m.test(manifest)
  );
}
