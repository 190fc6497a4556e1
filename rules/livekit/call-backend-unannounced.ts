import { containerRunning, podsIn } from '../../analysis/pods';
import { processKinds, synapseProcess } from '../../analysis/synapse';
import type { Resource } from '../../manifests/resource';
import type { Index, Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';

export default {
  id: 'call-backend-unannounced',
  items: [],
  severity: 'warning',
  summary: 'The service for LiveKit tokens runs, but Synapse does not tell clients of it.',
  why: 'Element looks for `org.matrix.msc4143.rtc_foci` in `/.well-known/matrix/client` to find the backend of calls. Without it every call ends with MISSING_MATRIX_RTC_TRANSPORT, although LiveKit and lk-jwt-service are up.',
  remedy:
    'Name the public URL of lk-jwt-service in `extra_well_known_client_content` of homeserver.yaml, as the `livekit_service_url` of an item of `org.matrix.msc4143.rtc_foci`.',
  traps: [
    'Not said if anything else in the tree names rtc_foci, such as an nginx that answers for the domain or Element Call’s config.json, or if Synapse has `matrix_rtc.transports`.',
  ],
  sources: ['element-hq/element-call, docs/self-hosting.md: MatrixRTC backend, .well-known/matrix/client'],
  examples: {
    bad: example(
      '      #   ^^^^^^^^^^^^^^ warning: Deployment/lk-jwt-service runs, but Synapse tells no client of it\n',
      '',
    ),
    good: example('', focus()),
  },
  kinds: [...processKinds],
  *check(resource, workspace) {
    const process = synapseProcess(workspace, resource);
    if (!process || process.isWorker || process.isLi || process.homeserver?.isPartial !== false) return;
    const { homeserver } = process;
    const content = homeserver.at('extra_well_known_client_content');
    // A name that is almost right is the business of rtc-focus-invalid.
    if (content.keys().some(name => /msc4143|rtc_foc/.test(name))) return;
    const service = tokenService(workspace, resource.namespace);
    if (!service || homeserver.at('matrix_rtc', 'transports').exists || workspace.lookup(mentions, '').length > 0)
      return;
    const url = homeserver.at('public_baseurl');
    yield {
      at: content.exists ? content.key : url.exists ? url.key : homeserver.at('server_name').key,
      message: `${service.title} runs, but Synapse tells no client of it, so no call finds it — add org.matrix.msc4143.rtc_foci to extra_well_known_client_content.`,
      related: [{ at: service.root.at('metadata', 'name'), message: service.title }],
    };
  },
} satisfies Rule;

function tokenService(workspace: Workspace, namespace: string | undefined): Resource | undefined {
  const all = workspace.shared(allTokenServices);
  return all.find(one => one.namespace === namespace) ?? all[0];
}

function allTokenServices(workspace: Workspace): readonly Resource[] {
  return podsIn(workspace)
    .map(({ owner }) => owner)
    .filter(owner => containerRunning(owner, 'lk-jwt-service'));
}

/** Texts that tell clients of backends, in whatever form. */
const mentions: Index<true> = {
  name: 'texts about backends of calls',
  *document(document) {
    if (document.textWith(aboutFoci) !== undefined) yield ['', true];
  },
  *textFile(file) {
    if (!/\.md$/i.test(file.path) && aboutFoci.test(file.text)) yield ['', true];
  },
  equal: () => true,
};

const aboutFoci = /rtc_foci|rtc_transports|msc4143/;

function focus(): string {
  return `          extra_well_known_client_content:
            org.matrix.msc4143.rtc_foci:
              - type: livekit
                livekit_service_url: https://rtc.tessera.test
`;
}

function example(mark: string, content: string): string {
  return `
      #- /tree.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: config
        namespace: matrix
      data:
        homeserver.yaml: |
          server_name: tessera.test
          public_baseurl: https://matrix.tessera.test/
${mark}${content}      ---
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
                  - {name: config, mountPath: /config}
            volumes:
              - name: config
                configMap: {name: config}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: lk-jwt-service
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: lk-jwt-service
                image: ghcr.io/element-hq/lk-jwt-service:0.3.0
    `;
}
