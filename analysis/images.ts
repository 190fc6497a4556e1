import { baseName } from '../manifests/paths';

/** A program that images are known of, by the name of the image that is best known. */
export type ImageProgram = keyof typeof images;

/**
 * The program that an image is called after, whoever has made the image: its name is the last part of the repository.
 * Undefined for names that are not known here. What such an image starts, and what else is in it, is its maker's choice.
 */
export function programOf(image: string): ImageProgram | undefined {
  return byName.get(baseName(imageName(image)));
}

/**
 * The program of an image that its own project publishes, or a mirror that keeps the project's name: what it starts, and
 * which files it has, is known. Undefined for all others.
 */
export function publishedProgramOf(image: string): ImageProgram | undefined {
  const name = publicName(image);
  return byRepository.get(name) ?? byRepository.get(/[^/]+\/[^/]+$/.exec(name)?.[0] ?? '');
}

/**
 * The name of an image on the registries that everybody pulls from, without them: `redis`, `element-hq/synapse`. Names on
 * other registries keep the registry.
 */
export function publicName(image: string): string {
  return imageName(image)
    .replace(/^(?:docker\.io|ghcr\.io|quay\.io|mirror\.gcr\.io|public\.ecr\.aws\/docker)\//, '')
    .replace(/^library\//, '');
}

/** The repository of an image, without tag and digest: `ghcr.io/element-hq/synapse`. */
export function imageName(image: string): string {
  return image.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
}

/** The tag of an image; undefined if it has none. */
export function imageTag(image: string): string | undefined {
  return /:([^/:@]+)(?:@.*)?$/.exec(image)?.[1];
}

interface KnownImage {
  /** Other names that makers give to images of the program. */
  readonly alsoCalled?: readonly string[];
  /** Where its project publishes it, as `publicName` tells it; a name alone is an official image of docker-library. */
  readonly published: readonly string[];
}

/** What is known of images, by the name that most of them have. */
const images = {
  alpine: { published: ['alpine'] },
  'aws-cli': { published: ['amazon/aws-cli'] },
  busybox: { published: ['busybox'] },
  clamav: { published: ['clamav/clamav', 'clamav/clamav-debian'] },
  coturn: { published: ['coturn/coturn'] },
  curl: { published: ['curlimages/curl'] },
  debian: { published: ['debian'] },
  'element-call': { published: ['element-hq/element-call'] },
  'element-web': { published: ['vectorim/element-web', 'element-hq/element-web'] },
  haproxy: { published: ['haproxy'] },
  kubectl: { published: [] },
  'livekit-egress': { published: ['livekit/egress'] },
  'livekit-server': { published: ['livekit/livekit-server'] },
  'lk-jwt-service': { alsoCalled: ['element-call-backend'], published: ['element-hq/lk-jwt-service'] },
  'matrix-content-scanner': {
    alsoCalled: ['matrix-content-scanner-python'],
    published: ['vectorim/matrix-content-scanner'],
  },
  mc: { alsoCalled: ['minio-client'], published: ['minio/mc'] },
  minio: { published: ['minio/minio'] },
  nginx: { published: ['nginx'] },
  'nginx-unprivileged': { published: ['nginxinc/nginx-unprivileged', 'nginx/nginx-unprivileged'] },
  postgres: { alsoCalled: ['postgresql', 'postgis', 'pgvector'], published: ['postgres'] },
  python: { published: ['python'] },
  rclone: { published: ['rclone/rclone'] },
  redis: { published: ['redis'] },
  sygnal: { published: ['matrixdotorg/sygnal', 'matrix-org/sygnal', 'element-hq/sygnal'] },
  synapse: { published: ['matrixdotorg/synapse', 'matrix-org/synapse', 'element-hq/synapse'] },
  'synapse-admin': { alsoCalled: ['ketesa'], published: [] },
  ubuntu: { published: ['ubuntu'] },
  valkey: { published: ['valkey/valkey'] },
} as const satisfies Readonly<Record<string, KnownImage>>;

const known = Object.entries(images as Readonly<Record<string, KnownImage>>) as readonly (readonly [
  ImageProgram,
  KnownImage,
])[];

const byName: ReadonlyMap<string, ImageProgram> = new Map(
  known.flatMap(([program, { alsoCalled = [] }]) => [program, ...alsoCalled].map(name => [name, program] as const)),
);

const byRepository: ReadonlyMap<string, ImageProgram> = new Map(
  known.flatMap(([program, { published }]) => published.map(name => [name, program] as const)),
);
