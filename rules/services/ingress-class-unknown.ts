import { chartReleases } from '../../analysis/charts';
import { declarationsOf } from '../../analysis/declarations';
import { releaseKinds, releasesIn, releasesOf, settingOf, shownValues } from '../../analysis/helm/releases';
import { nearest } from '../../analysis/nearest';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Index, Workspace } from '../../manifests/workspace';
import { installationsOf, operators } from '../kubernetes/operators';
import type { Fix, Problem, Rule } from '../rule';

export default {
  id: 'ingress-class-unknown',
  items: [],
  severity: 'error',
  summary: 'An Ingress is of a class that no controller serves.',
  why: 'A controller serves the Ingresses of its own classes and ignores all others without a word. Nobody reaches the host then, and an HTTP-01 challenge is never answered.',
  remedy: 'Write the class of the controller that is installed: `kubectl get ingressclass` lists them.',
  traps: [
    'Only what looks like a slip of a known class is an error. Another class is a warning where the tree installs a controller or has an IngressClass, and only information if a platform may bring it, as k3s brings `traefik`.',
    'Where the tree does not tell which classes there are, only a slip of a usual name is reported, as a warning.',
    'The only solver of an issuer has to be of the class of some Ingress that asks the issuer, because the challenge comes to the controller of that.',
    'A class that `provided` in `matrix-preflight.yaml` lists, as kind IngressClass, counts as there.',
  ],
  sources: [
    'Kubernetes documentation, Ingress: Ingress class',
    'Values of the charts ingress-nginx (controller.ingressClassResource.name: nginx) and traefik (ingressClass.name)',
  ],
  examples: {
    bad: `
      #- /ingress.yaml
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: client
        namespace: matrix
      spec:
        ingressClassName: front-dor
      #                   ^^^^^^^^^ 💡 error: No controller serves the class front-dor of Ingress client — the tree has front-door
      #- /class.yaml
      apiVersion: networking.k8s.io/v1
      kind: IngressClass
      metadata:
        name: front-door
      spec:
        controller: haproxy.org/ingress-controller/front-door
    `,
    good: `
      #- /ingress.yaml
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: client
        namespace: matrix
      spec:
        ingressClassName: front-door
      #- /class.yaml
      apiVersion: networking.k8s.io/v1
      kind: IngressClass
      metadata:
        name: front-door
      spec:
        controller: haproxy.org/ingress-controller/front-door
    `,
  },
  kinds: ['Ingress', 'Gateway', 'Issuer.cert-manager.io', 'ClusterIssuer.cert-manager.io', ...releaseKinds],
  *check(resource, workspace) {
    if (resource.kind === 'Gateway') yield* gatewayProblems(workspace, resource);
    const isRelease = releaseKinds.includes(resource.qualifiedKind);
    for (const { value, isAnnotation } of isRelease ? classesOfCharts(workspace, resource) : classesIn(resource)) {
      const problem = problemOf(workspace, resource, value, isAnnotation);
      if (problem) yield problem;
      else if (resource.kind !== 'Ingress' && resource.kind !== 'Gateway' && !isRelease)
        yield* servedElsewhere(workspace, resource, value);
    }
  },
} satisfies Rule;

/** The class of a Gateway, where the tree has classes of Gateways. Many controllers make theirs themselves. */
function* gatewayProblems(workspace: Workspace, gateway: Resource): Iterable<Problem> {
  const value = gateway.root.at('spec', 'gatewayClassName');
  const name = value.string;
  if (name === undefined || !/^[a-z0-9][a-z0-9.-]*$/i.test(name)) return;
  const classes = workspace.resources('GatewayClass');
  if (classes.length === 0 || declarationsOf(workspace, 'GatewayClass', undefined, name).length > 0) return;
  if (classes.some(one => one.name === name)) return;
  const candidates = classes.map(one => one.name);
  const meant = misspelt(name, candidates);
  const isOwn = madeByControllers.test(name);
  if (isOwn && meant === undefined) return;
  yield {
    at: value,
    severity: meant === undefined ? 'warning' : 'error',
    message: `No controller serves the class ${name} of Gateway ${gateway.name} — the tree has ${candidates.join(' and ')}.`,
    related: classes.map(one => ({ at: one.root.at('metadata', 'name'), message: one.title })),
    fixes: () => (meant === undefined ? candidates : [meant]).flatMap(candidate => renamed(value, candidate)),
  };
}

/** Classes that controllers, charts and platforms make without a manifest of the user. */
const madeByControllers =
  /^(?:istio(?:-.+)?|cilium|nginx|traefik|kong|haproxy|contour|envoy|eg|kgateway|gloo-gateway|consul|linkerd|gke-.+|amazon-vpc-lattice|azure-alb-.+|openshift-.+|higress)$/;

/** A class as an Ingress states it, or the solver of an issuer for the Ingresses that it makes. */
function classesIn(resource: Resource): readonly { readonly value: Value; readonly isAnnotation: boolean }[] {
  const { root } = resource;
  const found =
    resource.kind === 'Ingress'
      ? [
          { value: root.at('spec', 'ingressClassName'), isAnnotation: false },
          { value: root.at('metadata', 'annotations', 'kubernetes.io/ingress.class'), isAnnotation: true },
        ]
      : root
          .at('spec', 'acme', 'solvers')
          .items()
          .flatMap(solver => [
            { value: solver.at('http01', 'ingress', 'ingressClassName'), isAnnotation: false },
            { value: solver.at('http01', 'ingress', 'class'), isAnnotation: true },
          ]);
  return found.filter(({ value }) => value.exists);
}

/** A solver whose Ingresses are of another class than all that ask its issuer, and so of another controller's address. */
function* servedElsewhere(workspace: Workspace, issuer: Resource, value: Value): Iterable<Problem> {
  const solvers = issuer.root.at('spec', 'acme', 'solvers').items();
  const name = value.string;
  if (name === undefined || solvers.length !== 1 || solvers[0]?.at('selector').exists) return;
  const asking = workspace.resources('Ingress').filter(({ namespace, root }) => {
    const annotations = root.at('metadata', 'annotations');
    return issuer.kind === 'ClusterIssuer'
      ? annotations.at('cert-manager.io/cluster-issuer').text === issuer.name
      : namespace === issuer.namespace && annotations.at('cert-manager.io/issuer').text === issuer.name;
  });
  const overridden = asking.some(({ root }) =>
    root
      .at('metadata', 'annotations')
      .entries()
      .some(([key]) => /^acme\.cert-manager\.io\/http01-/.test(key)),
  );
  const classes = asking.flatMap(one => classesIn(one).map(found => found.value));
  if (overridden || classes.length === 0 || classes.length < asking.length) return;
  if (classes.some(one => one.string === undefined || one.string === name || !/^[\w.-]+$/.test(one.string))) return;
  const known = [...new Set(classes.map(one => one.string))].sort();
  yield {
    at: value,
    severity: 'warning',
    message: `The solver answers challenges through the class ${name}, but the Ingresses that ask ${titleOf(issuer)} are of ${known.join(' and ')}, whose controller gets the challenges — write that class.`,
    related: classes.slice(0, 4).map(at => ({ at, message: 'An Ingress that asks it' })),
    fixes: () => (known.length === 1 && known[0] !== undefined ? renamed(value, known[0]) : []),
  };
}

/** The classes that the values of a chart give to its Ingresses, where these are not switched off. */
function classesOfCharts(
  workspace: Workspace,
  resource: Resource,
): readonly { readonly value: Value; readonly isAnnotation: boolean }[] {
  return releasesOf(workspace, resource)
    .flatMap(shownValues)
    .flatMap(root => [...root.scalars()])
    .filter(
      ({ name, parent }) =>
        (name === 'className' || name === 'ingressClassName') &&
        parent?.name === 'ingress' &&
        parent.at('enabled').boolean !== false,
    )
    .map(value => ({ value, isAnnotation: false }));
}

function problemOf(workspace: Workspace, resource: Resource, value: Value, isAnnotation: boolean): Problem | undefined {
  const name = value.string;
  if (name === undefined || !/^[a-z0-9][a-z0-9.-]*$/i.test(name)) return undefined;
  const { sure, maybe, isWhole, isNamed } = workspace.shared(providedClasses);
  if (sure.has(name) || maybe.has(name)) return undefined;
  if (declarationsOf(workspace, 'IngressClass', undefined, name).length > 0) return undefined;
  const isPlatform = platformClasses.has(name);
  const meant = isPlatform ? undefined : misspelt(name, [...sure.keys()]);
  const usual = meant ?? (isPlatform ? undefined : misspelt(name, [...maybe, ...usualClasses]));
  if (usual === undefined && (!isWhole || sure.size === 0 || isAnnotation)) return undefined;
  const candidates = usual === undefined ? [...sure.keys()] : [usual];
  const evidence = [...sure.values()][0];
  const isKnown = meant !== undefined || usual === undefined;
  return {
    at: value,
    severity: meant !== undefined ? 'error' : isPlatform && !(isNamed && name === 'nginx') ? 'info' : 'warning',
    message: isKnown
      ? `No controller serves the class ${name} of ${titleOf(resource)} — the tree has ${candidates.join(' and ')}.`
      : `The class ${name} of ${titleOf(resource)} looks like a slip of ${usual} — ask the cluster with "kubectl get ingressclass".`,
    related: isKnown && evidence ? [{ at: evidence, message: `Provides ${[...sure.keys()][0]}` }] : [],
    fixes: () => candidates.flatMap(candidate => renamed(value, candidate)),
  };
}

function renamed(value: Value, name: string): readonly Fix[] {
  const edit = replaceScalar(value, name);
  return edit ? [{ title: `Use the class ${name}`, safe: false, edits: [edit] }] : [];
}

/** The class that was meant. A name that only adds something to another, as `nginx-internal`, is a class of its own. */
function misspelt(name: string, candidates: readonly string[]): string | undefined {
  const meant = nearest(name, candidates);
  if (meant === undefined) return undefined;
  const isVariant = name.startsWith(meant) && /^[-.\d]/.test(name.slice(meant.length));
  return isVariant || (name.endsWith(meant) && /[-.]$/.test(name.slice(0, -meant.length))) ? undefined : meant;
}

interface ProvidedClasses {
  /** Classes that an object or a command of the tree makes, with what says so. */
  readonly sure: ReadonlyMap<string, Place>;
  readonly maybe: ReadonlySet<string>;
  /** Whether nothing else that the tree installs may bring a class. */
  readonly isWhole: boolean;
  /** Whether the tree shows how ingress-nginx names its class. */
  readonly isNamed: boolean;
}

function providedClasses(workspace: Workspace): ProvidedClasses {
  const sure = new Map<string, Place>();
  const maybe = new Set<string>();
  for (const one of workspace.resources('IngressClass')) sure.set(one.name, one.root.at('metadata', 'name'));
  const exact = namesOfReleases(workspace);
  const renamedTo = exact ?? workspace.lookup(namedClasses, '');
  let isWhole = true;
  const add = (name: string, evidence: string, at: Place): void => {
    if (evidence === 'command') sure.set(name, at);
    else maybe.add(name);
  };
  const nginx = operators.find(({ id }) => id === 'ingress-nginx');
  const nginxNames = renamedTo.length > 0 ? renamedTo : ['nginx'];
  for (const { evidence, at } of nginx ? installationsOf(workspace, nginx) : [])
    for (const name of nginxNames) add(name, evidence, at);
  for (const name of renamedTo.length > 0 && !exact ? ['nginx'] : []) if (!sure.has(name)) maybe.add(name);
  for (const { chart, name, evidence, at } of chartReleases(workspace)) {
    const what = chart ?? name;
    if (nginx?.charts.test(what) || what === 'cert-manager') continue;
    if (what === 'traefik') add(name.includes('traefik') ? name : `${name}-traefik`, evidence, at);
    else if (bringsClasses.test(what)) isWhole = false;
  }
  return { sure, maybe, isWhole, isNamed: exact !== undefined };
}

/**
 * The classes of ingress-nginx, where every installation of it shows all that it is told (kubernetes/ingress-nginx
 * charts/ingress-nginx/values.yaml: `controller.ingressClassResource`); undefined where one does not, or there is none.
 */
function namesOfReleases(workspace: Workspace): readonly string[] | undefined {
  const releases = releasesIn(workspace).filter(({ chart }) => chart === 'ingress-nginx');
  const known = chartReleases(workspace).filter(one => one.evidence !== 'values' && one.chart === 'ingress-nginx');
  if (releases.length === 0 || known.length > releases.length) return undefined;
  const names = releases.map(release => {
    const whole = ['controller.ingressClassResource.enabled', 'controller.ingressClass'];
    if (whole.some(path => settingOf(release, path) !== 'unset')) return undefined;
    const name = settingOf(release, 'controller.ingressClassResource.name');
    return name === 'unset' ? 'nginx' : typeof name === 'string' ? undefined : name.text;
  });
  return names.every(name => name !== undefined) ? [...new Set(names.flatMap(name => name ?? []))] : undefined;
}

const naming = /ingressClassResource/;

/** The names that Helm values and commands give to the class of ingress-nginx. */
const namedClasses: Index<string> = {
  name: 'names of ingress classes in Helm values',
  *document(document) {
    const text = document.textWith(naming) ?? '';
    for (const [, name = ''] of text.matchAll(
      /^[ \t]*ingressClassResource:[ \t]*(?:#.*)?\n(?:[ \t]+(?!name:)\S.*\n|[ \t]*\n)*?[ \t]+name:[ \t]*["']?([\w.-]+)/gm,
    ))
      yield ['', name];
  },
  *textFile({ text }) {
    for (const [, name = ''] of text.matchAll(/ingressClassResource\.name=["']?([\w.-]+)/g)) yield ['', name];
  },
};

/** Charts of further controllers, and of what has one in it. */
const bringsClasses =
  /ingress|nginx|traefik|kong|contour|apisix|istio|cilium|gloo|envoy|haproxy|emissary|ambassador|tyk|gateway|load-?balancer|ngrok|cloudflare|tailscale/;

/** Classes that clusters have without anybody installing them. */
const platformClasses: ReadonlySet<string> = new Set([
  'traefik',
  'alb',
  'gce',
  'gce-internal',
  'public',
  'cilium',
  'azure-application-gateway',
  'azure-alb-external',
  'webapprouting.kubernetes.azure.com',
  'openshift-default',
  'haproxy',
  'nginx',
  'tailscale',
]);

/** What a slip may have meant where nothing in the tree tells. */
const usualClasses = ['nginx', 'traefik', 'haproxy', 'contour', 'openshift-default'];

function titleOf(resource: Resource): string {
  return `${resource.kind} ${resource.name}`;
}
