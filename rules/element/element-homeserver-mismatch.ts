import type { EffectiveFile } from '../../analysis/effective';
import { programOf } from '../../analysis/images';
import { containersOf, workloadKinds } from '../../analysis/pods';
import { isLi } from '../../analysis/roles';
import { mountedFile } from '../../analysis/scripts';
import { mainProcesses, type SynapseProcess } from '../../analysis/synapse';
import { areComparable } from '../../analysis/text/comparable-hosts';
import { findPlaceholders } from '../../analysis/text/placeholders';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { elementConfig, settingsIn } from './config';

export default {
  id: 'element-homeserver-mismatch',
  items: ['4.2.a.1'],
  severity: 'error',
  summary: 'Element Web is sent to another homeserver than this deployment’s.',
  why: 'People who open the page cannot log in, or register with a stranger’s server.',
  remedy:
    'Set `default_server_config["m.homeserver"].base_url` to Synapse’s `public_baseurl`, and `server_name` to its `server_name`.',
  traps: [
    'A slash at the end makes no difference, nor do capital letters in the host.',
    'The Element Web of the LI instance is compared with the LI instance’s Synapse.',
    'Synapse Admin’s `restrictBaseUrl` is compared as well; of several addresses one has to be right.',
    '`default_server_name` beside or instead of `default_server_config` is legal: Element Web then asks that server’s `/.well-known`.',
    'A wrong `server_name` beside the right `base_url` is a warning: people see the wrong name, and can log in.',
    'Without `public_baseurl` Synapse is taken to be at `https://<server_name>/`, its default.',
  ],
  sources: [
    'element-hq/element-web, docs/config.md, "Homeserver configuration"; Synapse, configuration manual, `public_baseurl`',
  ],
  examples: {
    bad: `
      #- /element.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: element-web-config
        namespace: matrix
      data:
        config.json: |
          {
            "default_server_config": {
              "m.homeserver": {
                "base_url": "https://synapse.tessera.test",
      #                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 💡 error: Synapse is at https://matrix.tessera.test/
                "server_name": "tessera.test"
              }
            }
          }
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: element-web
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: element-web
                image: vectorim/element-web:v1.11.96
                volumeMounts:
                  - name: config
                    mountPath: /app/config.json
                    subPath: config.json
            volumes:
              - name: config
                configMap:
                  name: element-web-config
      ---
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse-config
        namespace: matrix
      data:
        homeserver.yaml: |
          server_name: tessera.test
          public_baseurl: https://matrix.tessera.test/
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                args: [--config-path=/config/homeserver.yaml]
                volumeMounts:
                  - name: config
                    mountPath: /config
            volumes:
              - name: config
                configMap:
                  name: synapse-config
    `,
    good: `
      #- /element.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: element-web-config
        namespace: matrix
      data:
        config.json: |
          {
            "default_server_config": {
              "m.homeserver": {
                "base_url": "https://matrix.tessera.test",
                "server_name": "tessera.test"
              }
            }
          }
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: element-web
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: element-web
                image: vectorim/element-web:v1.11.96
                volumeMounts:
                  - name: config
                    mountPath: /app/config.json
                    subPath: config.json
            volumes:
              - name: config
                configMap:
                  name: element-web-config
      ---
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse-config
        namespace: matrix
      data:
        homeserver.yaml: |
          server_name: tessera.test
          public_baseurl: https://matrix.tessera.test/
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                args: [--config-path=/config/homeserver.yaml]
                volumeMounts:
                  - name: config
                    mountPath: /config
            volumes:
              - name: config
                configMap:
                  name: synapse-config
    `,
  },
  kinds: workloadKinds,
  *check(resource, workspace) {
    yield* adminProblems(workspace, resource);
    const element = elementConfig(workspace, resource);
    const settings = element && settingsIn(element);
    if (!element || !settings) return;
    const ofLi = isLi(workspace, resource);
    const mains = mainProcesses(workspace).filter(one => one.isLi === ofLi);
    const server = settings.at('default_server_config', 'm.homeserver');
    const url = server.at('base_url').exists ? server.at('base_url') : settings.at('default_hs_url');
    const name = server.at('server_name');
    const fallback = settings.at('default_server_name');
    if (!url.exists && !fallback.exists) {
      yield {
        at: settings.at('default_server_config').exists
          ? settings.at('default_server_config').key
          : (settings.entries()[0]?.[1].key ?? element.container.value.at('name')),
        message:
          'config.json names no homeserver, so Element Web shows an error page — set default_server_config with m.homeserver and its base_url.',
      };
      return;
    }
    const [main] = mains;
    if (!main || mains.length > 1) return;
    if (url.exists && isWritten(element.file, url)) yield* urlProblems(url, main);
    for (const value of [name, fallback]) {
      if (value.exists && isWritten(element.file, value)) yield* nameProblems(value, main, url.exists);
    }
  },
} satisfies Rule;

/** Synapse Admin lets people sign in to what `restrictBaseUrl` names and to nothing else. */
function* adminProblems(workspace: Workspace, resource: Resource): Iterable<Problem> {
  for (const container of containersOf(resource)) {
    if (programOf(container.image) !== 'synapse-admin') continue;
    const file = ['/app/config.json', '/var/public/config.json']
      .map(path => mountedFile(workspace, resource, container, path))
      .find(one => one?.string !== undefined);
    const restricted = file?.embedded().root.at('restrictBaseUrl');
    const urls = restricted?.kind === 'sequence' ? restricted.items() : restricted?.string ? [restricted] : [];
    const ofLi = isLi(workspace, resource);
    const [main, ...others] = mainProcesses(workspace).filter(one => one.isLi === ofLi);
    if (!main || others.length > 0 || urls.length === 0) continue;
    const problems = urls.map(url => [...differences(url, main, 'Synapse Admin')]);
    if (problems.every(found => found.length > 0)) yield* problems.flat();
  }
}

function* urlProblems(url: Value, main: SynapseProcess): Iterable<Problem> {
  const written = url.string;
  if (written !== undefined && !/^https?:\/\//i.test(written) && findPlaceholders(written, 'value').length === 0) {
    yield {
      at: url,
      message: `${written === '' ? 'An empty text' : written} is no address that a browser can use — write https:// and the host.`,
      fixes: () => {
        const wanted = written === '' ? undefined : replaceScalar(url, `https://${written}`);
        return wanted ? [{ title: `Use https://${written}`, safe: true, edits: [wanted] }] : [];
      },
    };
    return;
  }
  yield* differences(url, main);
}

function* differences(url: Value, { homeserver, resource }: SynapseProcess, client = 'Element Web'): Iterable<Problem> {
  const written = homeserver?.at('public_baseurl');
  const name = homeserver?.at('server_name').string;
  if (!homeserver || !written || (!written.exists && (homeserver.isPartial || name === undefined))) return;
  const wanted = written.string ?? `https://${name}/`;
  const text = url.string;
  if (
    text === undefined ||
    (written.exists && homeserver.layer('public_baseurl').file.resolve(written).kind !== 'left')
  )
    return;
  const source = written.exists ? [{ at: written, message: `public_baseurl of ${resource.title}` }] : [];
  // What is still to be filled in says nothing of the value, unless it is the same domain or no address for clients.
  if (!areComparable(text, wanted) && !/\.svc(?:[./:]|$)/.test(text)) return;
  if (!isSameUrl(text, wanted)) {
    yield {
      at: url,
      message: `${client} uses ${text}, but Synapse is at ${wanted} — use that.`,
      related: source,
      fixes: () => {
        const isReady = written.exists && findPlaceholders(wanted, 'value').length === 0;
        const edit = isReady ? replaceScalar(url, wanted.replace(/\/+$/, '')) : undefined;
        return edit ? [{ title: `Use ${wanted.replace(/\/+$/, '')}`, safe: true, edits: [edit] }] : [];
      },
    };
  } else if (text.startsWith('http://')) {
    yield {
      at: url,
      severity: 'warning',
      message: `${client} talks to ${text} without TLS, which browsers refuse from a page that has it — use https.`,
    };
  }
}

/** Beside an address the name is only shown, as the documentation of `server_name` says. */
function* nameProblems(
  value: Value,
  { homeserver, resource }: SynapseProcess,
  isShownOnly: boolean,
): Iterable<Problem> {
  const wanted = homeserver?.at('server_name');
  if (
    !homeserver ||
    !wanted?.string ||
    value.string === undefined ||
    value.string.toLowerCase() === wanted.string.toLowerCase()
  )
    return;
  if (homeserver.layer('server_name').file.resolve(wanted).kind !== 'left') return;
  const text = wanted.string;
  yield {
    at: value,
    ...(isShownOnly && { severity: 'warning' as const }),
    message: `Element Web ${isShownOnly ? 'calls the server' : 'takes the server for'} ${value.string}, but its server_name is ${text} — use that.`,
    related: [{ at: wanted, message: `server_name of ${resource.title}` }],
    fixes: () => {
      const edit = findPlaceholders(text, 'value').length === 0 ? replaceScalar(value, text) : undefined;
      return edit ? [{ title: `Use ${text}`, safe: true, edits: [edit] }] : [];
    },
  };
}

/** Whether a value is what the browser gets: no script replaces a part of it. */
function isWritten(file: EffectiveFile | undefined, value: Value): boolean {
  return file?.resolve(value).kind === 'left';
}

/** Whether two addresses have the same host, port and path; the scheme is judged by itself. */
function isSameUrl(a: string, b: string): boolean {
  const plain = (url: string): string =>
    url
      .replace(/^https?:\/\//i, '')
      .replace(/\/+$/, '')
      .replace(/^[^/]+/, host => host.toLowerCase().replace(/:443$/, ''));
  return plain(a) === plain(b);
}
