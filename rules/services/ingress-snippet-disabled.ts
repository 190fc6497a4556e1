import { isNginx } from '../../analysis/routes/ingress';
import type { Index, Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';

export default {
  id: 'ingress-snippet-disabled',
  items: [],
  severity: 'warning',
  summary: 'An Ingress uses a snippet annotation that ingress-nginx does not allow by default.',
  why: 'Since version 1.9 the admission webhook of ingress-nginx refuses the Ingress: "Snippet directives are disabled by the Ingress administrator". Without the webhook the controller ignores the whole Ingress.',
  remedy:
    'Do without the snippet, as most have an annotation of their own (`proxy-body-size`, `custom-headers`, `enable-cors`, …). Or allow snippets in the values of the chart, `controller.allowSnippetAnnotations: true`, and from version 1.12 also `controller.config.annotations-risk-level: Critical`. Whoever may write Ingresses can then read every Secret that the controller can.',
  traps: [
    'Snippets count as allowed when Helm values, the ConfigMap of the controller or a script say so.',
    'Where they are allowed but no risk level is set, this is information, unless the tree installs version 1.12 or later (chart 4.12): then nothing but the level helps.',
    'Ingresses of other controllers are left alone.',
  ],
  sources: [
    'ingress-nginx documentation, ConfigMap: allow-snippet-annotations, default false; annotations-risk-level, default High.',
    'ingress-nginx release notes 1.9.0 and 1.12.0; Annotation risks: all snippet annotations are Critical.',
  ],
  examples: {
    bad: `
      #- /ingress.yaml
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: client
        namespace: matrix
        annotations:
          nginx.ingress.kubernetes.io/configuration-snippet: |
      #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ warning: Ingress client uses configuration-snippet, which ingress-nginx refuses unless snippets are allowed
            add_header X-Frame-Options DENY;
      spec:
        ingressClassName: nginx
    `,
    good: `
      #- /ingress.yaml
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: client
        namespace: matrix
        annotations:
          nginx.ingress.kubernetes.io/configuration-snippet: |
            add_header X-Frame-Options DENY;
      spec:
        ingressClassName: nginx
      #- /values/ingress-nginx.yaml
      controller:
        allowSnippetAnnotations: true
        config:
          annotations-risk-level: Critical
    `,
  },
  kinds: ['Ingress'],
  *check(ingress, workspace) {
    if (!isNginx(ingress)) return;
    const snippets = ingress.root
      .at('metadata', 'annotations')
      .entries()
      .filter(([name]) => /^nginx\.ingress\.kubernetes\.io\/[a-z-]+-snippet$/.test(name));
    const [first, ...others] = snippets;
    if (!first) return;
    const isAllowed = isSaid(workspace, 'allowed');
    if (isAllowed && isSaid(workspace, 'risk')) return;
    const name = first[0].slice(first[0].indexOf('/') + 1);
    yield {
      at: first[1].key,
      ...(isAllowed && !isRecent(workspace) ? { severity: 'info' as const } : {}),
      message: isAllowed
        ? `Ingress ${ingress.name} uses ${name}, which ingress-nginx 1.12 and later refuse in spite of allowed snippets — set annotations-risk-level: Critical too, or do without.`
        : `Ingress ${ingress.name} uses ${name}, which ingress-nginx refuses unless snippets are allowed, and nothing in the tree allows them — do without, or allow them.`,
      related: others.map(([, value]) => ({ at: value.key, message: 'Another snippet' })),
    };
  },
} satisfies Rule;

/** Whether the tree installs ingress-nginx 1.12 or later, which came with version 4.12 of its chart. */
export function isRecent(workspace: Workspace): boolean {
  return workspace.lookup(controllerSettings, 'recent').length > 0;
}

function isSaid(workspace: Workspace, what: 'allowed' | 'risk'): boolean {
  return workspace.lookup(controllerSettings, what).length > 0;
}

/** What Helm values, ConfigMaps and scripts say about snippets. */
const controllerSettings: Index<true> = {
  name: 'snippet settings of ingress-nginx',
  *document(document) {
    for (const what of settingsIn(document.textWith(aboutController) ?? '')) yield [what, true];
  },
  *textFile(file) {
    if (!/\.md$/i.test(file.path)) for (const what of settingsIn(file.text)) yield [what, true];
  },
};

const aboutController = /allow-?snippet|risk-level|ingress-nginx|controller-v\d/i;

function settingsIn(text: string): readonly string[] {
  return [
    ...(/^[^#\n]*allow-?snippet-?annotations["']?\s*[:=]\s*["']?true/im.test(text) ? ['allowed'] : []),
    ...(isRecentVersion(text) ? ['recent'] : []),
    ...(/^[^#\n]*annotations-risk-level["']?\s*[:=]\s*["']?Critical/im.test(text) ? ['risk'] : []),
  ];
}

/** The version that a command, a manifest's address or an image names, as far as it is 1.12 or later. */
function isRecentVersion(text: string): boolean {
  const chart = /\bingress-nginx\b(?:[^\n]*\\\r?\n)*[^\n]*--version[ =]+["']?v?(\d+)\.(\d+)/.exec(text);
  const controller = /\bcontroller-v(\d+)\.(\d+)|\bingress-nginx\/controller:v(\d+)\.(\d+)/.exec(text);
  const isAtLeast = (first: number, major: string | undefined, minor: string | undefined): boolean =>
    Number(major) > first || (Number(major) === first && Number(minor) >= 12);
  return (
    (chart !== null && isAtLeast(4, chart[1], chart[2])) ||
    (controller !== null && isAtLeast(1, controller[1] ?? controller[3], controller[2] ?? controller[4]))
  );
}
