import { heldIn, portsBehind } from '../../analysis/nginx-proxy';
import { routeFor, routeSourceKinds, routesOf } from '../../analysis/routes';
import { classOf, isCanary, isNginx } from '../../analysis/routes/ingress';
import { middlewaresOf } from '../../analysis/routes/traefik';
import { runsMediaRepository, type SynapseProcess } from '../../analysis/synapse';
import { nginxLocationFor, nginxPasses, nginxServers, passesOn, readNginx } from '../../analysis/text/nginx-conf';
import { insertEntry, replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Index, Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';
import { synapseAt, synapseBehind } from './synapse-behind';

export default {
  id: 'upload-size-refused',
  items: [],
  severity: 'warning',
  summary: 'A proxy in front of Synapse refuses uploads that Synapse would take.',
  why: 'Synapse tells clients its own `max_upload_size`. A file that is smaller, but larger than what nginx lets through, is sent and then refused with 413 Request Entity Too Large.',
  remedy:
    'Set `nginx.ingress.kubernetes.io/proxy-body-size` of the Ingress, or `client_max_body_size` of nginx, to at least `max_upload_size`.',
  traps: [
    'Without a size of its own nginx lets through 1m, and Synapse takes 50M.',
    'Only the path that takes uploads counts, `/_matrix/media/v3/upload`, and only processes that run the media repository.',
    'If the Ingress has no size of its own, and Helm values, a ConfigMap or a script set one, nothing is said. `0` means no limit.',
  ],
  sources: [
    'ingress-nginx documentation, Annotations, "Custom max body size"; ConfigMap: proxy-body-size, default 1m',
    'nginx documentation, ngx_http_core_module: client_max_body_size; doc.traefik.io, Buffering: maxRequestBodyBytes',
    'element-hq/synapse, docs/reverse_proxy.md; usage configuration: max_upload_size',
  ],
  examples: {
    bad: example(
      '      nginx.ingress.kubernetes.io/proxy-body-size: 10m\n      #                                                ^^^ 💡 warning: Ingress matrix lets requests of up to 10m through, but Synapse takes uploads of up to 100M',
    ),
    good: example('      nginx.ingress.kubernetes.io/proxy-body-size: 100m'),
  },
  kinds: [...routeSourceKinds, 'ConfigMap'],
  *check(resource, workspace) {
    const problem = resource.kind === 'Ingress' ? ingressProblem(resource, workspace) : undefined;
    if (problem) yield problem;
    if (/^IngressRoute\b/.test(resource.kind)) yield* traefikProblems(resource, workspace);
    if (resource.kind === 'ConfigMap') yield* nginxProblems(resource, workspace);
  },
} satisfies Rule;

const uploadPath = '/_matrix/media/v3/upload';
const upload = { path: uploadPath, method: 'POST' };

function ingressProblem(ingress: Resource, workspace: Workspace): Problem | undefined {
  // Without a class any controller may serve it, unless it has annotations for this one.
  if (!isNginx(ingress) || (classOf(ingress) === undefined && !annotationsOf(ingress).some(isForNginx)))
    return undefined;
  if (isCanary(ingress) || annotationsOf(ingress).some(([, value]) => /client_max_body_size/.test(value.text ?? '')))
    return undefined;
  const name = annotationsOf(ingress).some(([key]) => key.startsWith('nginx.org/'))
    ? 'nginx.org/client-max-body-size'
    : 'nginx.ingress.kubernetes.io/proxy-body-size';
  const size = ingress.root.at('metadata', 'annotations', name);
  const limit = size.exists ? bytes(size.text ?? '') : mebibyte;
  if (limit === undefined || limit === 0 || (!size.exists && workspace.lookup(sizes, '').length > 0)) return undefined;
  for (const processes of workspace.derive(uploadTakers, ingress)) {
    const largest = largestUpload(processes);
    if (!largest || largest.bytes <= limit) continue;
    const wanted = inNginx(largest.bytes);
    return {
      at: size.exists ? size : ingress.root.at('metadata', 'name'),
      message: `Ingress ${ingress.name} lets requests of up to ${size.exists ? size.text : '1m, the default,'} through, but Synapse takes uploads of up to ${largest.text}, so larger files fail with 413 — set ${name.slice(name.indexOf('/') + 1)} to ${wanted}.`,
      related: largest.at ? [{ at: largest.at, message: 'What Synapse takes' }] : [],
      fixes: (): readonly Fix[] => {
        const annotations = ingress.root.at('metadata', 'annotations');
        const edit = size.exists
          ? replaceScalar(size, wanted)
          : annotations.exists
            ? insertEntry(annotations, `${name}: ${wanted}`)
            : insertEntry(ingress.root.at('metadata'), `annotations:\n  ${name}: ${wanted}`);
        return edit
          ? [{ title: `Set ${name.slice(name.indexOf('/') + 1)} to ${wanted}`, safe: false, edits: [edit] }]
          : [];
      },
    };
  }
  return undefined;
}

/** The processes that take the uploads of each host of an Ingress: on its own, as the sizes have nothing to do with it. */
function uploadTakers(ingress: Resource, workspace: Workspace): readonly (readonly SynapseProcess[])[] {
  return [...new Set(routesOf(ingress).map(({ host }) => host))].flatMap(host => {
    const route = routeFor(workspace, host, upload);
    return route === undefined || route === 'unknown' || route.source !== ingress
      ? []
      : [synapseBehind(workspace, route)];
  });
}

/** The Middlewares of an IngressRoute that hold a request back until it is complete, and take no larger ones. */
function* traefikProblems(source: Resource, workspace: Workspace): Iterable<Problem> {
  for (const host of new Set(routesOf(source).map(route => route.host))) {
    const route = routeFor(workspace, host, upload);
    if (route === undefined || route === 'unknown' || route.source !== source) continue;
    const largest = largestUpload(synapseBehind(workspace, route));
    for (const { root, name } of middlewaresOf(workspace, route) ?? []) {
      const limit = root.at('spec', 'buffering', 'maxRequestBodyBytes');
      if (!largest || !limit.number || limit.number >= largest.bytes) continue;
      yield {
        at: route.rule.at('middlewares').key,
        message: `The Middleware ${name} lets requests of up to ${limit.text} bytes through, but Synapse takes uploads of up to ${largest.text}, so larger files fail with 413 — set maxRequestBodyBytes to ${largest.bytes}.`,
        related: [{ at: limit, message: 'What Traefik lets through' }],
      };
      return;
    }
  }
}

function* nginxProblems(configMap: Resource, workspace: Workspace): Iterable<Problem> {
  for (const file of configMap.root.at('data').scalars(passesOn)) {
    const text = file.text ?? '';
    const config = readNginx(text);
    const passes = nginxPasses(config);
    for (const server of nginxServers(config)) {
      const location = nginxLocationFor(server.locations, uploadPath);
      const pass = location && passes.find(({ directive }) => directive.parent === location.directive);
      const ends = pass && portsBehind(workspace, configMap, pass, config);
      if (!location || !pass || !ends) continue;
      const largest = largestUpload(
        synapseAt(
          workspace,
          ends.map(({ pods }) => pods.owner),
        ),
      );
      if (!largest) continue;
      const held = heldIn(configMap, file, location.directive, config.directives, 'client_max_body_size');
      const size = held?.at(-1);
      const word = size?.directive.args[0];
      const limit = word ? bytes(word.value) : mebibyte;
      if (limit === undefined || limit === 0 || largest.bytes <= limit) continue;
      // A file that is included, or another one of the folder, may have the size.
      if (!held || (!size && isSaidBeside(configMap))) continue;
      const at = word?.span ?? pass.directive.name.span;
      yield {
        at: (size?.file ?? file).part(at.start, at.end),
        message: `nginx lets requests of up to ${word?.value ?? '1m, the default,'} through, but Synapse takes uploads of up to ${largest.text}, so larger files fail with 413 — set client_max_body_size to ${inNginx(largest.bytes)}.`,
        related: largest.at ? [{ at: largest.at, message: 'What Synapse takes' }] : [],
      };
    }
  }
}

function isSaidBeside(configMap: Resource): boolean {
  return configMap.root
    .at('data')
    .entries()
    .some(([, file]) => /client_max_body_size/.test(file.text ?? ''));
}

interface Upload {
  readonly bytes: number;
  readonly text: string;
  /** Where it is written; undefined for Synapse's default. */
  readonly at: Value | undefined;
}

/** The largest upload that all media repositories among some processes take; undefined if it is not known. */
function largestUpload(processes: readonly SynapseProcess[]): Upload | undefined {
  const uploads = processes
    .filter(process => runsMediaRepository(process) === true && process.homeserver?.isPartial === false)
    .map(({ homeserver }): Upload | undefined => {
      const written = homeserver?.at('max_upload_size');
      if (!written?.exists) return { bytes: 50 * mebibyte, text: '50M', at: undefined };
      const text = written.text ?? '';
      const size = bytes(text);
      return size === undefined ? undefined : { bytes: size, text, at: written };
    });
  return uploads.reduce((least, one) => (one && least && one.bytes < least.bytes ? one : one && least), uploads[0]);
}

const mebibyte = 1024 * 1024;

/** A size as nginx and Synapse write it: letters stand for powers of 1024 (ngx_parse_offset; synapse/config/_base.py). */
function bytes(text: string): number | undefined {
  const [, digits, unit] = /^(\d+)([kmg]?)$/i.exec(text.trim()) ?? [];
  if (digits === undefined) return undefined;
  return Number(digits) * 1024 ** ' kmg'.indexOf(unit?.toLowerCase() || ' ');
}

function inNginx(size: number): string {
  return size % mebibyte === 0 ? `${size / mebibyte}m` : `${Math.ceil(size / 1024)}k`;
}

function isForNginx([name]: readonly [string, Value]): boolean {
  return /^nginx\.(?:ingress\.kubernetes\.io|org)\//.test(name);
}

function annotationsOf(ingress: Resource): readonly (readonly [string, Value])[] {
  return ingress.root.at('metadata', 'annotations').entries();
}

/** Sizes that the tree sets elsewhere than in an Ingress: for all of a controller, or by a script. */
const sizes: Index<true> = {
  name: 'body sizes of ingress controllers',
  *document(document) {
    if (document.resources.length > 0 && document.resources.every(({ kind }) => kind === 'Ingress')) return;
    if (/(?:proxy|client-max)-body-size/.test(document.textWith(aboutSizes) ?? '')) yield ['', true];
  },
  *textFile(file) {
    if (!/\.md$/i.test(file.path) && aboutSizes.test(file.text)) yield ['', true];
  },
  equal: () => true,
};

const aboutSizes = /(?:proxy|client-max)-body-size/;

function example(annotation: string): string {
  return `
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse
        namespace: matrix
      data:
        homeserver.yaml: |
          server_name: tessera.test
          max_upload_size: 100M
          listeners:
            - port: 8008
              type: http
              x_forwarded: true
              resources:
                - names: [client, federation]
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app: synapse}
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                args: [--config-path=/config/homeserver.yaml]
                ports:
                  - containerPort: 8008
                volumeMounts:
                  - {name: config, mountPath: /config}
            volumes:
              - name: config
                configMap: {name: synapse}
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: synapse
        namespace: matrix
      spec:
        selector: {app: synapse}
        ports:
          - port: 8008
      ---
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: matrix
        namespace: matrix
        annotations:
    ${annotation}
      spec:
        ingressClassName: nginx
        rules:
          - host: matrix.tessera.test
            http:
              paths:
                - path: /
                  pathType: Prefix
                  backend:
                    service:
                      name: synapse
                      port:
                        number: 8008
    `;
}
