import type { ApiServer, ApiServerOptions } from './api-server/server';
import { startApiServer } from './api-server/server';
import { answerLikeServices } from './run/bench';

/** A cluster that has everything the sample deployment needs, and whose services answer as they should. */
export async function startProductionCluster(options: ApiServerOptions = {}): Promise<ApiServer> {
  const server = await startApiServer({ readyMilliseconds: 10, ...options });
  answerLikeServices(server, ['matrix', 'matrix_li', 'key_vault']);
  server.create({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    metadata: { name: 'nginx' },
    spec: { controller: 'k8s.io/ingress-nginx' },
  });
  server.create({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'standard', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    provisioner: 'rancher.io/local-path',
  });
  for (const name of ['cert-manager', 'prometheus-operator', 'minio-operator', 'cnpg-controller', 'ingress-nginx'])
    server.create({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace: 'operators', generation: 1 },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: name } },
        template: { metadata: { labels: { app: name } } },
      },
    });
  return server;
}
