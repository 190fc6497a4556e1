import assert from 'node:assert/strict';
import ingressClassUnknown from '../../../rules/services/ingress-class-unknown';
import { fixTitles, messages } from '../expect';

const helm = 'helm upgrade --install ingress-nginx ingress-nginx/ingress-nginx -n ingress-nginx';

function ingress(name: string): string {
  return `
    #- /ingress.yaml
    apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata: {name: client, namespace: matrix}
    spec:
      ingressClassName: ${name}
  `;
}

function installed(command: string): string {
  return `
    #- /install.sh
    ${command}
  `;
}

function ingressClass(name: string): string {
  return `
    #- /class.yaml
    apiVersion: networking.k8s.io/v1
    kind: IngressClass
    metadata: {name: ${name}}
    spec: {controller: k8s.io/ingress-nginx}
  `;
}

const found = (source: string): readonly string[] =>
  messages(ingressClassUnknown, source).map(message => message.replace(/:.*/, ''));

describe('ingress-class-unknown', () => {
  it('is an error for a slip of a class of the tree', () => {
    for (const slip of ['ngnix', 'nginz', 'ngin', 'nignx'])
      assert.deepEqual(found(ingress(slip) + installed(helm)), ['error'], slip);
    assert.deepEqual(found(ingress('matrix-ingres') + ingressClass('matrix-ingress')), ['error']);
    assert.deepEqual(fixTitles(ingressClassUnknown, ingress('ngnix') + installed(helm)), ['Use the class nginx']);
  });

  it('accepts the class of each way to install a controller', () => {
    const applied =
      'kubectl apply -f https://raw.githubusercontent.com/kubernetes/ingress-nginx/controller-v1.11.1/deploy/static/provider/cloud/deploy.yaml';
    for (const command of [helm, applied, 'minikube addons enable ingress'])
      assert.deepEqual(found(ingress('nginx') + installed(command)), [], command);
    assert.deepEqual(found(ingress('traefik') + installed('helm install traefik traefik/traefik -n traefik')), []);
    assert.deepEqual(found(ingress('front') + ingressClass('front')), []);
    assert.deepEqual(
      found(ingress('internal') + installed(`${helm} --set controller.ingressClassResource.name=internal`)),
      [],
    );
    const values =
      '\n    #- /values/ingress-nginx.yaml\n    controller:\n      ingressClassResource:\n        enabled: true\n        name: internal\n';
    assert.deepEqual(found(ingress('internal') + installed(`${helm} -f values/ingress-nginx.yaml`) + values), []);
    assert.deepEqual(found(ingress('internol') + installed(`${helm} -f values/ingress-nginx.yaml`) + values), [
      'error',
    ]);
  });

  it('warns of a class that nobody provides while the tree has another', () => {
    assert.deepEqual(found(ingress('edge') + installed(helm)), ['warning']);
    assert.deepEqual(found(ingress('nginx-internal') + installed(helm)), ['warning']);
    assert.deepEqual(found(ingress('traefik') + installed(helm)), ['info']);
    assert.deepEqual(found(ingress('edge') + installed(`${helm}\n    helm install kong kong/kong`)), []);
    assert.deepEqual(found(ingress('edge') + installed(`# ${helm}`)), []);
  });

  it('says little where the tree does not tell', () => {
    for (const name of ['nginx', 'edge', 'alb', 'traefik', 'nginx-2', 'nginx2', 'kong', 'ngrok'])
      assert.deepEqual(found(ingress(name)), [], name);
    assert.deepEqual(found(ingress('ngnix')), ['warning']);
    const provided = '\n    #- /matrix-preflight.yaml\n    provided:\n      - {kind: IngressClass, name: ngnix}\n';
    assert.deepEqual(found(ingress('ngnix') + provided), []);
  });

  it('looks at annotations and at the solvers of issuers', () => {
    const annotated = ingress('x').replace(
      'namespace: matrix}',
      'namespace: matrix, annotations: {kubernetes.io/ingress.class: ngnix}}',
    );
    assert.deepEqual(found(annotated.replace(/\n.*spec:\n.*x\n/, '\n') + installed(helm)), ['error']);
    const issuer = (solver: string): string => `
      #- /issuer.yaml
      apiVersion: cert-manager.io/v1
      kind: ClusterIssuer
      metadata: {name: letsencrypt}
      spec:
        acme:
          solvers: [{http01: {ingress: ${solver}}}]
    `;
    assert.deepEqual(found(issuer('{ingressClassName: ngnix}') + installed(helm)), ['error']);
    assert.deepEqual(found(issuer('{class: nginxx}') + installed(helm)), ['error']);
    assert.deepEqual(found(issuer('{class: nginx}') + installed(helm)), []);
    assert.deepEqual(found(issuer('{name: client}') + installed(helm)), []);
  });
});
