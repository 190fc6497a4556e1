import { escapeRegExp } from '../manifests/escape-reg-exp';
import { table } from '../manifests/table';
import { type ImageProgram, imageTag, publishedProgramOf } from './images';

/**
 * Whether an image is known to lack a program. Undefined for images and programs that nothing is known of here, and
 * `false` for programs that the image has.
 *
 * What the base images have: BusyBox applets (busybox.net), Alpine's BusyBox and apk, Debian's essential packages with
 * bash and perl-base. What is added to them: the Dockerfiles of the official images (docker-library) and of the projects.
 */
export function lacksTool(image: string, tool: string): boolean | undefined {
  if (!tools.has(tool)) return undefined;
  const program = publishedProgramOf(image);
  const known = program && images[program];
  if (!known) return undefined;
  const tag = imageTag(image) ?? '';
  const base = known.base ?? (/alpine/.test(tag) ? 'alpine' : known.otherBase);
  if (base === undefined || (base === 'debian' && known.needsSlim && !/slim/.test(tag))) return undefined;
  return (
    !known.has.includes(tool) && !ofBase[base].includes(tool) && !(base === 'alpine' && known.onAlpine?.includes(tool))
  );
}

/** The packages that bring a program, by the names that Alpine and Debian give them. */
export function packagesWith(tool: string): RegExp {
  return packages[tool] ?? new RegExp(`^${escapeRegExp(tool)}$`);
}

/** Programs that scripts like to use and that small images like to lack. */
const tools = new Set([
  'apk',
  'apt-get',
  'aws',
  'bash',
  'curl',
  'dig',
  'envsubst',
  'git',
  'helm',
  'htpasswd',
  'jq',
  'kubectl',
  'mc',
  'nc',
  'ncat',
  'netcat',
  'nslookup',
  'openssl',
  'perl',
  'pg_dump',
  'pg_isready',
  'pg_restore',
  'pip',
  'psql',
  'python',
  'python3',
  'rclone',
  'redis-cli',
  'rsync',
  'socat',
  'telnet',
  'wget',
  'yq',
]);

type Base = 'busybox' | 'alpine' | 'debian';

const ofBase: Readonly<Record<Base, readonly string[]>> = {
  busybox: ['nc', 'nslookup', 'telnet', 'wget'],
  alpine: ['apk', 'nc', 'nslookup', 'wget'],
  debian: ['apt-get', 'bash', 'perl'],
};

interface KnownImage {
  readonly base?: Base;
  /** The base of tags without `alpine`. */
  readonly otherBase?: Base;
  /** On Debian only the `-slim` tags are known; the others have a great many tools. */
  readonly needsSlim?: boolean;
  readonly has: readonly string[];
  /** What the Alpine tags have beside that. */
  readonly onAlpine?: readonly string[];
}

const python = ['python', 'python3', 'pip'];
const postgresql = ['pg_dump', 'pg_isready', 'pg_restore', 'psql'];

const images: Partial<Record<ImageProgram, KnownImage>> = {
  // element-hq/synapse, docker/Dockerfile: python:slim with curl, gosu and libraries.
  synapse: { base: 'debian', has: [...python, 'curl', 'openssl'] },
  busybox: { base: 'busybox', has: [] },
  alpine: { base: 'alpine', has: [] },
  debian: { base: 'debian', has: [] },
  python: { otherBase: 'debian', needsSlim: true, has: [...python, 'openssl'] },
  redis: { otherBase: 'debian', has: ['redis-cli', 'openssl'] },
  valkey: { otherBase: 'debian', has: ['redis-cli', 'openssl'] },
  postgres: { otherBase: 'debian', has: [...postgresql, 'openssl'], onAlpine: ['bash'] },
  rclone: { base: 'alpine', has: ['rclone'] },
  curl: { base: 'alpine', has: ['curl', 'openssl'] },
  'livekit-server': { base: 'alpine', has: [] },
  'matrix-content-scanner': { base: 'debian', has: [...python, 'curl', 'openssl'] },
};

const packages = table<RegExp>({
  envsubst: /^gettext(?:-base|-envsubst|-full)?$|^libintl$/,
  nc: /^(?:netcat\S*|nmap\S*|ncat|busybox\S*)$/,
  ncat: /^(?:nmap\S*|ncat)$/,
  netcat: /^(?:netcat\S*|busybox\S*)$/,
  dig: /^(?:bind-tools|dnsutils|bind9-dnsutils|bind9-utils)$/,
  nslookup: /^(?:bind-tools|dnsutils|bind9-dnsutils|busybox\S*)$/,
  htpasswd: /^apache2-utils$/,
  psql: /^postgresql\S*$/,
  pg_dump: /^postgresql\S*$/,
  pg_restore: /^postgresql\S*$/,
  pg_isready: /^postgresql\S*$/,
  pip: /^(?:py3-pip|python3-pip|python3)$/,
  python: /^python3?\S*$/,
  python3: /^python3\S*$/,
  'redis-cli': /^(?:redis|redis-tools|redis-cli|valkey\S*)$/,
  mc: /^(?:minio-client|mc)$/,
  aws: /^(?:aws-cli|awscli)$/,
});
