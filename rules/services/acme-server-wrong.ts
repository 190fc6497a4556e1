import { isFilledIn } from '../../analysis/filled-in';
import { isPatch } from '../../analysis/kustomization';
import { referrersOf } from '../../analysis/references';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

const production = 'https://acme-v02.api.letsencrypt.org/directory';
const staging = 'https://acme-staging-v02.api.letsencrypt.org/directory';

export default {
  id: 'acme-server-wrong',
  items: [],
  severity: 'error',
  summary:
    'An issuer asks a server of Let’s Encrypt that is not there, or the one for tests, or gives no address for mail.',
  why: 'The server is the URL of a directory, letter by letter: at any other the account cannot be registered, and the issuer never becomes ready. The staging server makes certificates that no browser and no homeserver trusts: clients cannot connect, and federation fails.',
  remedy: `Write \`${production}\`. Once the issuer has another server, delete the Secrets with the certificates of the old one: they are kept until they expire.`,
  traps: [
    'Servers of other authorities are not judged.',
    'An issuer for the staging server that nothing uses is right: it is there for tests. One that is called staging and is used is a warning.',
  ],
  sources: ['letsencrypt.org, "ACME Protocol Updates" and "Staging Environment"; cert-manager documentation, ACME'],
  examples: { bad: example(`https://acme-v02.api.letsencrypt.org`, true), good: example(production, false) },
  kinds: ['ClusterIssuer.cert-manager.io', 'Issuer.cert-manager.io'],
  *check(issuer, workspace) {
    yield* mailOf(issuer, workspace);
    const server = issuer.root.at('spec', 'acme', 'server');
    const url = server.text;
    if (
      url === undefined ||
      !/letsencrypt/i.test(url) ||
      url === production ||
      isPatch(workspace, issuer.document.file)
    )
      return;
    if (isFilledIn(workspace, url)) return;
    if (url === staging) {
      const [user] = usersOf(workspace, issuer);
      if (!user) return;
      const isMeant = /stag|test|dev/i.test(issuer.name);
      yield {
        at: server,
        ...(isMeant && { severity: 'warning' as const }),
        message: `${issuer.title} asks the staging server of Let’s Encrypt, whose certificates nobody trusts, and ${user.title} uses it — ${isMeant ? 'name an issuer for production there' : `write ${production}`}.`,
        related: [{ at: user.root.at('metadata', 'name'), message: user.title }],
        fixes: () => write(isMeant ? undefined : replaceScalar(server, production)),
      };
      return;
    }
    const wanted = /stag/i.test(url) ? staging : production;
    yield {
      at: server,
      message: `Let’s Encrypt has no directory at ${url}${/acme-v01|acme-staging\./.test(url) ? ', because version 1 is switched off' : ''}, so ${issuer.title} never becomes ready — write ${wanted}.`,
      fixes: () => write(replaceScalar(server, wanted), wanted),
    };
  },
} satisfies Rule;

/** The contact of an ACME account (RFC 8555, 7.3: a server refuses what is no address by "invalidContact"). */
function* mailOf(issuer: Resource, workspace: Workspace): Iterable<Problem> {
  const mail = issuer.root.at('spec', 'acme', 'email');
  const text = mail.string;
  if (!text || /^[^\s@]+@[^\s@]+$/.test(text) || /[$<>{}%]|CHANGE|YOUR/i.test(text) || isFilledIn(workspace, text))
    return;
  yield {
    at: mail,
    message: `${text} is no address for mail, so the server refuses the account and ${issuer.title} never becomes ready — write one, or none.`,
  };
}

/** What has certificates made by an issuer. */
function usersOf(workspace: Workspace, issuer: Resource): readonly Resource[] {
  const isCluster = issuer.kind === 'ClusterIssuer';
  return referrersOf(workspace, isCluster ? 'ClusterIssuer' : 'Issuer', issuer.namespace, issuer.name).map(
    ({ resource }) => resource,
  );
}

function write(edit: ReturnType<typeof replaceScalar>, url = production) {
  return edit ? [{ title: `Write ${url}`, safe: false, edits: [edit] }] : [];
}

function example(server: string, isMarked: boolean): string {
  return `
      #- /issuer.yaml
      apiVersion: cert-manager.io/v1
      kind: ClusterIssuer
      metadata:
        name: letsencrypt
      spec:
        acme:
          server: ${server}
${isMarked ? '      #           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 💡 error: Let’s Encrypt has no directory at https://acme-v02.api.letsencrypt.org, so ClusterIssuer/letsencrypt never becomes ready\n' : ''}          privateKeySecretRef:
            name: letsencrypt-account
          solvers:
            - http01:
                ingress:
                  ingressClassName: nginx
    `;
}
