import { type ConfiguredProgram, configurationOf, parsed } from '../../analysis/configs';
import { type EffectiveFile, podWrites } from '../../analysis/effective';
import { haproxyOf } from '../../analysis/haproxy-config';
import { type ImageProgram, programOf, publishedProgramOf } from '../../analysis/images';
import { isPatch } from '../../analysis/kustomization';
import { type Mount, mountAt, mountsOf, volumeOf } from '../../analysis/mounts';
import { nearest } from '../../analysis/nearest';
import { type Container, mainContainersOf, workloadKinds } from '../../analysis/pods';
import { familiesOf } from '../../analysis/roles';
import { synapseProcess } from '../../analysis/synapse';
import { readNginx } from '../../analysis/text/nginx-conf';
import { readRedisConf } from '../../analysis/text/redis-conf';
import { baseName } from '../../manifests/paths';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { djangoSettings } from '../key-vault/django';
import type { Problem, Rule } from '../rule';
import { isOn, optionOf, turnserverOf } from '../turn/turnserver';
import { filesInstead, filesThere } from './files-there';

export default {
  id: 'config-path-missing',
  items: [],
  severity: 'error',
  summary: 'A configuration names a certificate, key, script or other file that nothing puts there.',
  why: 'The mounted Secret or ConfigMap has other keys: cert-manager writes `tls.crt`, `tls.key` and `ca.crt`, whatever the configuration calls them. HAProxy, nginx, Redis and Synapse do not start without the file, coturn and LiveKit offer no TLS, and the content scanner refuses every file.',
  remedy: 'Name the files that the volume has, or give them the wanted names with `items`.',
  traps: [
    'Only volumes whose files the tree shows are looked at: ConfigMaps and Secrets of the tree, Secrets that cert-manager or another operator makes with known keys, and an `emptyDir` that only scripts fill which can be followed.',
    'A path on no volume is a finding only where a volume with a file of that name is mounted elsewhere in the container.',
    'Files of homeserver.yaml on no volume are reported by synapse-file-missing, and the signing key by a rule of its own.',
  ],
  sources: [
    'cert-manager documentation, Certificate resource: the Secret has tls.crt, tls.key and, if the issuer gives one, ca.crt',
    'coturn README.turnserver: --cert, --pkey; HAProxy configuration manual: crt, ca-file, errorfile; nginx ngx_http_ssl_module: ssl_certificate',
  ],
  examples: {
    bad: example(
      'cert=/tls/fullchain.pem\n      #        ^^^^^^^^^^^^^^^^^^ error: There is no /tls/fullchain.pem in container coturn: the volume tls has /tls/ca.crt, /tls/tls.crt, /tls/tls.key',
    ),
    good: example('cert=/tls/tls.crt'),
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    if (isPatch(workspace, resource.document.file)) return;
    const told = new Set<string>();
    for (const { container, path: written, at } of namedFiles(workspace, resource)) {
      const path = written.replace(/(?<=.)\/+$/, '');
      if (!/^\/[\w./-]+$/.test(path) || told.has(`${container.name} ${path}`)) continue;
      const mount = mountAt(container, path);
      const others = mount && filesInstead(workspace, resource, container, mount, path);
      const elsewhere = mount ? undefined : sameNameElsewhere(workspace, resource, container, path);
      const isNowhere = !mount && elsewhere === undefined && isBroughtByNobody(workspace, resource, container, path);
      if (others === undefined && elsewhere === undefined && !isNowhere) continue;
      told.add(`${container.name} ${path}`);
      const close = others && nearest(path, others);
      yield {
        at,
        message: `There is no ${path} in container ${container.name}${elsewhere !== undefined ? `, but ${elsewhere} — name that, or mount the volume there` : close !== undefined ? `, but ${close} — name that, or put the file there` : isNowhere ? ': the image does not have it, and no volume is mounted there — mount one' : `: the volume ${mount?.volume} has ${others?.length ? [...others].sort().join(', ') : 'no file'} — name a file that is there, or choose its name with items`}.`,
        // Who may do without the volume does without the file.
        ...(mount && isOptional(resource, mount) && { severity: 'warning' as const }),
        ...(mount && { related: [{ at: mount.value.at('mountPath'), message: `Volume ${mount.volume}` }] }),
      } satisfies Problem;
    }
  },
} satisfies Rule;

/** A file that the configuration of a program wants to be in its container. */
interface NamedFile {
  readonly container: Container;
  readonly path: string;
  readonly at: Place;
}

function* namedFiles(workspace: Workspace, resource: Resource): Iterable<NamedFile> {
  yield* ofCoturn(workspace, resource);
  yield* ofHaproxy(workspace, resource);
  yield* ofNginx(workspace, resource);
  yield* ofRedis(workspace, resource);
  yield* ofSynapse(workspace, resource);
  yield* ofDjango(workspace, resource);
  for (const [program, fields] of Object.entries(yamlFields)) {
    const configuration = configurationOf(workspace, resource, program as ConfiguredProgram);
    for (const file of configuration?.files ?? []) {
      if (file.isOpaque) continue;
      const { root } = parsed(file);
      for (const keys of fields) if (configuration) yield* namedIn(configuration.container, file, root.at(...keys));
    }
  }
}

/** The fields of YAML configurations that name files which have to be there when the program starts or works. */
const yamlFields: Readonly<Partial<Record<ConfiguredProgram, readonly (readonly string[])[]>>> = {
  livekit: [['turn', 'cert_file'], ['turn', 'key_file'], ['key_file']],
  // The folder is looked for at the start (matrix-content-scanner-python, scanner.py: resolve(strict=True)).
  scanner: [
    ['scan', 'script'],
    ['scan', 'temp_directory'],
  ],
};

/** Of all files that Synapse reads, the last one that has a key decides. */
function* ofSynapse(workspace: Workspace, resource: Resource): Iterable<NamedFile> {
  const process = synapseProcess(workspace, resource);
  if (!process?.homeserver) return;
  const { homeserver, container } = process;
  const offersTls = (process.listeners ?? []).some(({ value }) => value.at('tls').boolean === true);
  for (const keys of [
    // synapse/config/logger.py, setup_logging: a worker does not read log_config.
    [process.isWorker ? 'worker_log_config' : 'log_config'],
    ['app_service_config_files'],
    ['turn_shared_secret_path'],
    ['macaroon_secret_key_path'],
    ['form_secret_path'],
    ['worker_replication_secret_path'],
    ['redis', 'password_path'],
    // synapse/config/tls.py: without a listener with TLS they are not read.
    ...(offersTls ? [['tls_certificate_path'], ['tls_private_key_path']] : []),
  ]) {
    const { file } = homeserver.layer(keys[0] ?? '');
    if (!file.isOpaque) yield* namedIn(container, file, homeserver.at(...keys));
  }
}

/** The files that the settings of key_vault name outright, such as its private key. */
function* ofDjango(workspace: Workspace, resource: Resource): Iterable<NamedFile> {
  const settings = familiesOf(resource).has('key_vault') ? djangoSettings(workspace, resource) : undefined;
  for (const { name, value } of settings?.program.assignments ?? []) {
    if (!/(?:KEY|CERT|SECRET|TOKEN)\w*_(?:PATH|FILE)$/.test(name) || value.kind !== 'string' || value.formatted)
      continue;
    for (const container of mainContainersOf(resource))
      if (settings) yield { container, path: value.text, at: settings.place(value.span) };
  }
}

function* namedIn(container: Container, file: EffectiveFile, value: Value): Iterable<NamedFile> {
  for (const one of value.kind === 'sequence' ? value.items() : [value])
    if (one.string !== undefined && file.resolve(one).kind === 'left') yield { container, path: one.string, at: one };
}

function* ofCoturn(workspace: Workspace, resource: Resource): Iterable<NamedFile> {
  const server = turnserverOf(workspace, resource);
  if (!server || (isOn(server, 'no-tls') && isOn(server, 'no-dtls'))) return;
  for (const name of ['cert', 'pkey', 'dh-file', 'CA-file']) {
    const option = optionOf(server, name);
    if (option?.value === undefined || (option.resolution && option.resolution.kind !== 'left')) continue;
    yield { container: server.container, path: option.value, at: option.at };
  }
}

function* ofHaproxy(workspace: Workspace, resource: Resource): Iterable<NamedFile> {
  const haproxy = haproxyOf(workspace, resource);
  for (const { section, file, place } of haproxy?.parts ?? []) {
    for (const { keyword, words } of section.directives) {
      for (const [index, word] of words.entries()) {
        const before = words[index - 1]?.value ?? '';
        const isFile =
          (/^(?:crt|crt-list|ca-file|crl-file)$/.test(before) && /^(?:bind|server|default-server)$/.test(keyword)) ||
          (keyword === 'errorfile' && index === words.length - 1) ||
          (keyword === 'lua-load' && before === 'lua-load');
        if (isFile && haproxy && file.resolve(word.span).kind === 'left')
          yield { container: haproxy.container, path: word.value, at: place(word.span) };
      }
    }
  }
}

function* ofNginx(workspace: Workspace, resource: Resource): Iterable<NamedFile> {
  const configuration = configurationOf(workspace, resource, 'nginx');
  for (const { content, isOpaque, resolve } of configuration?.files ?? []) {
    if (isOpaque) continue;
    for (const { name, args } of readNginx(content.text).all) {
      const [file] = args;
      if (!configuration || !file || !nginxFiles.has(name.value) || resolve(file.span).kind !== 'left') continue;
      // A pattern may fit nothing (ngx_conf_include). A volume hides what the image has there.
      const isOfImage = ofNginxImage.test(file.value) && !mountAt(configuration.container, file.value);
      if (name.value === 'include' && (isOfImage || /[*?[]/.test(file.value))) continue;
      yield { container: configuration.container, path: file.value, at: content.place(file.span.start, file.span.end) };
    }
  }
}

/** What the images of nginx have for `include`, and what modules bring (nginx/docker-nginx; the packages of nginx.org). */
const ofNginxImage =
  /^\/etc\/nginx\/(?:mime\.types|(?:fastcgi|scgi|uwsgi)_params|fastcgi\.conf|proxy_params|koi-\w+|win-utf|modules.*|conf\.d\/default\.conf|sites-.*|snippets\/.*|owasp.*|modsec.*|njs.*)$/;

const nginxFiles: ReadonlySet<string> = new Set([
  'ssl_certificate',
  'ssl_certificate_key',
  'ssl_trusted_certificate',
  'ssl_client_certificate',
  'ssl_dhparam',
  'auth_basic_user_file',
  'include',
]);

function* ofRedis(workspace: Workspace, resource: Resource): Iterable<NamedFile> {
  for (const program of ['redis', 'sentinel'] as const) {
    const configuration = configurationOf(workspace, resource, program);
    for (const { content, isOpaque, resolve } of configuration?.files ?? []) {
      if (isOpaque) continue;
      for (const { name, args } of readRedisConf(content.text)) {
        const [file] = args;
        if (!configuration || !file || !redisFiles.has(name) || resolve(file.span).kind !== 'left') continue;
        yield {
          container: configuration.container,
          path: file.value,
          at: content.place(file.span.start, file.span.end),
        };
      }
    }
  }
}

const redisFiles: ReadonlySet<string> = new Set([
  'tls-cert-file',
  'tls-key-file',
  'tls-ca-cert-file',
  'tls-dh-params-file',
  'aclfile',
  'include',
]);

function isOptional(resource: Resource, mount: Mount): boolean {
  const volume = volumeOf(resource, mount.volume);
  return ['secret', 'configMap'].some(kind => volume?.at(kind, 'optional').boolean === true);
}

/** A file of the same name on a volume that the container mounts at another path. */
function sameNameElsewhere(
  workspace: Workspace,
  resource: Resource,
  container: Container,
  path: string,
): string | undefined {
  // A Secret that holds the file and is mounted elsewhere is meant, also where the image is somebody's own.
  const isOwn = familiesOf(resource).has('key_vault');
  if (
    !(isOwn || bare.has(publishedProgramOf(container.image))) ||
    podWrites(workspace, resource).mayExist(container, path)
  )
    return undefined;
  const name = baseName(path);
  for (const mount of mountsOf(container)) {
    if (mount.subPath !== undefined) continue;
    const same = filesThere(workspace, resource, container, mount)?.find(file => file.endsWith(`/${name}`));
    if (same !== undefined) return same;
  }
  return undefined;
}

/** Whether a path is where neither such an image has files of its own nor a volume or a script puts any. */
function isBroughtByNobody(workspace: Workspace, resource: Resource, container: Container, path: string): boolean {
  const isScanner = programOf(container.image) === 'matrix-content-scanner';
  // No image has folders of a deployment below those for temporary files.
  if (isScanner && /^\/(?:var\/)?tmp\/./.test(path)) return !podWrites(workspace, resource).mayExist(container, path);
  return (
    bare.has(publishedProgramOf(container.image)) &&
    !/^\/(?:usr|etc\/ssl|etc\/pki|etc\/nginx\/.*\.(?:pem|crt|key)$|etc\/ca-certificates|proc|dev|sys|tmp|var|home|opt|root|srv|data)(?:\/|$)/.test(
      path,
    ) &&
    !podWrites(workspace, resource).mayExist(container, path)
  );
}

/** The images that bring no certificates, scripts or configurations of a deployment. */
const bare: ReadonlySet<ImageProgram | undefined> = new Set<ImageProgram>([
  'coturn',
  'livekit-server',
  'matrix-content-scanner',
  'haproxy',
  'redis',
  'valkey',
  'nginx',
  'nginx-unprivileged',
]);

function example(line: string): string {
  return `
      #- /coturn.yaml
      apiVersion: cert-manager.io/v1
      kind: Certificate
      metadata:
        name: turn
        namespace: matrix
      spec:
        secretName: turn-tls
        dnsNames: [turn.tessera.test]
        issuerRef: {name: public, kind: ClusterIssuer}
      ---
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: coturn
        namespace: matrix
      data:
        turnserver.conf: |
          realm=turn.tessera.test
          ${line}
          pkey=/tls/tls.key
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: coturn
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: coturn
                image: coturn/coturn:4.6.2
                volumeMounts:
                  - {name: config, mountPath: /etc/coturn}
                  - {name: tls, mountPath: /tls}
            volumes:
              - name: config
                configMap: {name: coturn}
              - name: tls
                secret: {secretName: turn-tls}
    `;
}
