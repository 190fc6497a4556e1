/**
 * The environment a child process gets: what kubectl and the credential plugins of the cloud vendors need, and
 * nothing else. Variables that make kubectl start other programs or read other defaults are left out or switched
 * off: an editor, an external diff, and the per-user preferences file (kuberc), which can change default flags.
 */
export function childEnvironment(
  environment: { readonly [name: string]: string | undefined },
  extra: { readonly [name: string]: string } = {},
): { [name: string]: string } {
  const child: { [name: string]: string } = {};
  for (const [name, value] of Object.entries(environment))
    if (value !== undefined && isAllowed(name)) child[name] = value;
  return {
    ...child,
    KUBERC: 'off',
    KUBECTL_KUBERC: 'false',
    // Older clients still ask for SPDY by default, which fewer proxies let through.
    KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'true',
    ...extra,
  };
}

const allowed: ReadonlySet<string> = new Set([
  'HOME',
  'PATH',
  'USER',
  'LOGNAME',
  'LANG',
  'LC_ALL',
  'TMPDIR',
  'KUBECONFIG',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'SSH_AUTH_SOCK',
  'XDG_CONFIG_HOME',
  'XDG_CACHE_HOME',
  'XDG_RUNTIME_DIR',
  'DBUS_SESSION_BUS_ADDRESS',
  // Windows needs these to start any program.
  'SYSTEMROOT',
  'SYSTEMDRIVE',
  'COMSPEC',
  'PATHEXT',
  'USERPROFILE',
  'APPDATA',
  'LOCALAPPDATA',
  'PROGRAMDATA',
  'PROGRAMFILES',
  'PROGRAMFILES(X86)',
  'TEMP',
  'TMP',
  'HOMEDRIVE',
  'HOMEPATH',
]);
const allowedPrefix = /^(AWS|AZURE|ARM|GOOGLE|CLOUDSDK|GKE|USE_GKE|OCI|DIGITALOCEAN|DO|HCLOUD|TSH|TELEPORT|OIDC)_/;

function isAllowed(name: string): boolean {
  const upper = name.toUpperCase();
  return allowed.has(upper) || allowedPrefix.test(upper);
}
