import assert from 'node:assert/strict';
import healthcheckMissing from '../../rules/haproxy/haproxy-healthcheck-missing';
import livekitRedisDb from '../../rules/livekit/livekit-redis-db';
import generatedNameTaken from '../../rules/minio/generated-name-taken';
import minioDriveCount from '../../rules/minio/minio-drive-count';
import dualFormat from '../../rules/minio/minio-secret-dual-format';
import monitorMissing from '../../rules/monitoring/monitor-missing';
import selectsNoService from '../../rules/monitoring/monitor-selects-no-service';
import configHostPort from '../../rules/network/config-host-port';
import netpolDatabaseAccess from '../../rules/network/netpol-database-access';
import netpolFlowBlocked from '../../rules/network/netpol-flow-blocked';
import liClusterMissing from '../../rules/postgresql/pg-li-cluster-missing';
import resourcesBelow from '../../rules/postgresql/pg-resources-below-profile';
import superuserUndefined from '../../rules/postgresql/pg-superuser-secret-undefined';
import notApplied from '../../rules/redis/redis-password-not-applied';
import redisPasswordMissing from '../../rules/redis/redis-password-secret-missing';
import auth from '../../rules/redis/redis-sentinel-auth-missing';
import quorum from '../../rules/redis/redis-sentinel-quorum';
import count from '../../rules/redis/redis-sentinel-replica-count';
import type { Rule } from '../../rules/rule';
import { check } from '../fixture';
import { messages } from './expect';

const workload = (kind: string, name: string, namespace: string, container: string, rest = ''): string => `
---
apiVersion: apps/v1
kind: ${kind}
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  replicas: 3
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
      containers:
        - {name: ${name}, ${container}}
${rest}`;
const synapse = workload('StatefulSet', 'synapse', 'matrix', 'image: "matrixdotorg/synapse:v1.119.0"');
const redis = (namespace: string): string => workload('StatefulSet', 'redis', namespace, 'image: "redis:7.4"');
const sentinels = (namespace: string, master: string, conf = ''): string => `${workload(
  'Deployment',
  'sentinel',
  namespace,
  'image: "redis:7.4", command: [redis-sentinel, /conf/sentinel.conf], volumeMounts: [{name: conf, mountPath: /conf}]',
  '      volumes: [{name: conf, configMap: {name: sentinel}}]',
)}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: sentinel, namespace: ${namespace}}
data:
  sentinel.conf: |
    sentinel monitor ${master} 192.0.2.1 6379 2
    ${conf}
`;
const named = (rule: Rule, source: string): readonly string[] =>
  messages(rule, source).map(message => message.replace(/ — .*/, ''));

describe('a tree of something else', () => {
  const tenant = (namespace: string): string => `
apiVersion: minio.min.io/v2
kind: Tenant
metadata: {name: store, namespace: ${namespace}}
spec:
  image: quay.io/minio/minio:RELEASE.2024-10-13T13-34-11Z
  pools: [{name: pool-0, servers: 4, volumesPerServer: 1, volumeClaimTemplate: {spec: {resources: {requests: {storage: 1Gi}}}}}]
`;

  it('is not asked for what the checklist asks of Redis and MinIO', () => {
    for (const rule of [redisPasswordMissing, count]) {
      assert.equal(named(rule, redis('matrix')).length, 1, rule.id);
      assert.deepEqual(named(rule, redis('shop')), [], rule.id);
    }
    for (const rule of [minioDriveCount, dualFormat]) {
      assert.notEqual(named(rule, tenant('matrix')).length, 0, rule.id);
      assert.deepEqual(named(rule, tenant('shop')), [], rule.id);
    }
  });

  it('is one of Matrix by any name in it', () => {
    assert.equal(
      named(count, redis('shop').replace('{name: redis, namespace', '{name: synapse-redis, namespace')).length,
      1,
    );
    assert.equal(named(count, `#- /matrix-redis/redis.yaml\n${redis('shop')}`).length, 1);
    assert.equal(named(count, synapse.replaceAll('name: synapse,', 'name: homeserver,') + redis('shop')).length, 1);
  });
});

describe('other applications of the same tree', () => {
  it('have a Redis of their own, which is not held to the checklist', () => {
    const ours = 'Redis|StatefulSet/redis takes its password from no Secret';
    assert.equal(named(redisPasswordMissing, synapse + redis('matrix') + redis('shop')).length, 1, ours);
    assert.equal(named(redisPasswordMissing, synapse + redis('shop')).length, 1, 'the only one may be ours');
    assert.equal(named(redisPasswordMissing, synapse + redis('matrix') + redis('"shop("')).length, 1, 'half typed');
    const plain = (namespace: string): string =>
      `${redis(namespace).replace('image: "redis:7.4"', 'image: "redis:7.4", command: [redis-server, /conf/redis.conf], volumeMounts: [{name: conf, mountPath: /conf}]')}      volumes: [{name: conf, configMap: {name: redis}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: redis, namespace: ${namespace}}
data: {redis.conf: "port 6379"}
`;
    assert.deepEqual(named(notApplied, synapse + redis('matrix') + plain('shop')), []);
    const host =
      '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: matrix}\ndata: {host: redis.shop.svc}\n';
    assert.equal(named(redisPasswordMissing, synapse + host + redis('matrix') + redis('shop')).length, 2);
    assert.equal(
      named(redisPasswordMissing, synapse + host.replace('.shop.', '.shopping.') + redis('matrix') + redis('shop'))
        .length,
      1,
    );
  });

  it('have a store of their own, which need not be eight drives that somebody watches', () => {
    const minio = workload('Deployment', 'minio', 'backup', 'image: "minio/minio:1", args: [server, /data]');
    const tenant =
      '---\napiVersion: minio.min.io/v2\nkind: Tenant\nmetadata: {name: media, namespace: matrix}\nspec: {pools: [{servers: 4, volumesPerServer: 2}]}\n';
    assert.deepEqual(named(minioDriveCount, synapse + tenant + minio), []);
    assert.equal(named(minioDriveCount, synapse + minio).length, 1);
    const watched = synapse + tenant.replace('spec: {', 'spec: {prometheusOperator: true, ');
    assert.deepEqual(named(monitorMissing, watched + minio), []);
    const service =
      '---\napiVersion: v1\nkind: Service\nmetadata: {name: minio, namespace: backup}\nspec: {ports: [{port: 9000}]}\n';
    assert.deepEqual(named(generatedNameTaken, tenant + service), []);
    assert.equal(named(generatedNameTaken, tenant + service.replace('backup', 'matrix')).length, 1);
  });

  it('have Sentinels of their own, which do not count with others', () => {
    const both = sentinels('matrix', 'mymaster') + sentinels('shop', 'mymaster');
    assert.deepEqual([...named(count, both), ...named(quorum, both)], []);
    const beside = `${sentinels('matrix', 'mymaster')}${sentinels('matrix', 'other').replaceAll('name: sentinel', 'name: sentinels')}`;
    assert.deepEqual([...named(count, beside), ...named(quorum, beside)], []);
    const same = beside.replace('monitor other', 'monitor mymaster');
    assert.equal(named(count, same).length, 2);
  });

  it('have a Sentinel whose Redis asks for no password, whatever that of Synapse does', () => {
    const asking = redis('matrix').replace(
      'image: "redis:7.4"',
      'image: "redis:7.4", command: [redis-server, --requirepass, a]',
    );
    assert.deepEqual(named(auth, asking + redis('shop') + sentinels('shop', 'mymaster')), []);
    assert.equal(named(auth, asking + sentinels('matrix', 'mymaster')).length, 1);
  });

  it('are operators and Ingress controllers, which are not what they make', () => {
    const operator = workload(
      'Deployment',
      'redisoperator',
      'redis',
      'image: "quay.io/spotahome/redis-operator:v1.1.0"',
    );
    assert.deepEqual(named(redisPasswordMissing, operator), []);
    for (const image of ['haproxytech/kubernetes-ingress', 'quay.io/jcmoraisjr/haproxy-ingress:v0.14'])
      assert.deepEqual(
        named(monitorMissing, workload('DaemonSet', 'haproxy-ingress', 'edge', `image: "${image}"`)),
        [],
      );
    assert.equal(named(monitorMissing, workload('Deployment', 'haproxy', 'matrix', 'image: "haproxy:2.9"')).length, 1);
  });

  it('have a Prometheus that selects their monitors only', () => {
    const prometheus = (name: string, namespace: string, team: string): string =>
      `---\napiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: {name: ${name}, namespace: ${namespace}}\nspec: {serviceMonitorNamespaceSelector: {}, serviceMonitorSelector: {matchLabels: {team: ${team}}}}\n`;
    const watched = `${workload('Deployment', 'app', 'matrix', 'image: "registry.test/app:1", ports: [{name: metrics, containerPort: 9000}]')}
---
apiVersion: v1
kind: Service
metadata: {name: app, namespace: matrix, labels: {app: app}}
spec: {selector: {app: app}, ports: [{name: metrics, port: 9000}]}
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: app, namespace: matrix, labels: {team: matrix}}
spec: {selector: {matchLabels: {app: app}}, endpoints: [{port: metrics}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: from-prometheus, namespace: matrix}
spec:
  podSelector: {}
  policyTypes: [Ingress]
  ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}]}]
`;
    const ours = prometheus('main', 'monitoring', 'matrix');
    assert.deepEqual(named(netpolFlowBlocked, watched + ours), []);
    assert.deepEqual(named(netpolFlowBlocked, watched + ours + prometheus('rook', 'rook-ceph', 'rook')), []);
    assert.equal(named(netpolFlowBlocked, watched + prometheus('main', 'elsewhere', 'matrix')).length, 1);
    const pods = watched
      .replace('kind: ServiceMonitor', 'kind: PodMonitor')
      .replace('endpoints:', 'podMetricsEndpoints:');
    const both = ours.replace('spec: {', 'spec: {podMonitorSelector: {}, ');
    assert.deepEqual(named(netpolFlowBlocked, pods + both + prometheus('rook', 'rook-ceph', 'rook')), []);
    assert.equal(
      named(netpolFlowBlocked, pods + both.replace(/namespace: monitoring/, 'namespace: elsewhere')).length,
      1,
    );
  });

  it('have databases, of which none is that of Synapse where nothing is of Matrix', () => {
    const cluster = (name: string, namespace: string): string =>
      `---\napiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: ${name}, namespace: ${namespace}}\nspec: {instances: 1, storage: {size: 1Gi}}\n`;
    const all = (source: string): readonly string[] => [
      ...named(liClusterMissing, source),
      ...named(resourcesBelow, source),
      ...named(superuserUndefined, source),
    ];
    assert.deepEqual(all(cluster('banka-pg', 'bank')), []);
    for (const ours of [cluster('synapse-db', 'chat'), cluster('pg', 'matrix'), cluster('pg', 'databases') + synapse])
      assert.ok(all(ours).length >= 3, ours);
  });

  it('have databases that all of their namespace may open', () => {
    const open = (namespace: string, name: string): string => `
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: ${name}, namespace: ${namespace}}
spec: {instances: 3}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: inside, namespace: ${namespace}}
spec: {podSelector: {}, policyTypes: [Ingress], ingress: [{from: [{podSelector: {}}]}]}
`;
    const both = named(netpolDatabaseAccess, synapse + open('matrix', 'main') + open('cloud', 'files'));
    assert.deepEqual(both, ['warning: Every pod of the namespace may connect to the database main']);
    const apart = named(netpolDatabaseAccess, synapse + open('matrix', 'main') + open('databases', 'matrix-li'));
    assert.equal(apart.length, 2, 'the one of the LI instance wherever it is');
    assert.equal(named(netpolDatabaseAccess, open('databases', 'main')).length, 1, 'where nothing else is shown');
  });

  it('have Sentinels that are known by their name alone', () => {
    const image = 'image: "registry.test/k8s-redis:1", args: [sentinel]';
    assert.deepEqual(named(redisPasswordMissing, workload('StatefulSet', 'redis-sentinel', 'shop', image)), []);
  });

  it('have monitors for what their operators make, which nothing in the tree resembles', () => {
    const monitor = (labels: string): string =>
      `${workload('Deployment', 'tools', 'storage', 'image: "registry.test/tools:1"')}
---
apiVersion: v1
kind: Service
metadata: {name: tools, namespace: storage, labels: {app: tools}}
spec: {selector: {app: tools}, ports: [{name: metrics, port: 9000}]}
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: storage, namespace: storage}
spec: {selector: {matchLabels: {${labels}}}, endpoints: [{port: metrics}]}
`;
    assert.match(messages(selectsNoService, monitor('app: rook-ceph-mgr, cluster: rook'))[0] ?? '', /^info: /);
    assert.match(messages(selectsNoService, monitor('app: toosl'))[0] ?? '', /^error: /);
    assert.match(messages(selectsNoService, monitor('app: tools, tier: front'))[0] ?? '', /^error: /);
    assert.match(messages(selectsNoService, monitor('app: synapse'))[0] ?? '', /^error: /);
  });

  it('stand behind HAProxy without a path for their health that is known', () => {
    const backend = (kind: string, image: string): string => `${workload(
      'Deployment',
      'haproxy',
      'matrix',
      'image: "haproxy:3.0.6", volumeMounts: [{name: config, mountPath: /usr/local/etc/haproxy}]',
      '      volumes: [{name: config, configMap: {name: haproxy}}]',
    )}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: haproxy, namespace: matrix}
data:
  haproxy.cfg: |
    defaults
      mode http
    frontend all
      bind :8080
      default_backend app
    backend app
      server app app:3000${kind}
---
apiVersion: v1
kind: Service
metadata: {name: app, namespace: matrix}
spec: {selector: {app: app}, ports: [{port: 3000}]}
${workload('Deployment', 'app', 'matrix', `image: "${image}", ports: [{containerPort: 3000}]`)}`;
    assert.deepEqual(named(healthcheckMissing, backend(' check', 'registry.test/nest:1')), []);
    assert.equal(named(healthcheckMissing, backend(' check', 'matrixdotorg/synapse:v1.119.0')).length, 1);
    assert.doesNotMatch(messages(healthcheckMissing, backend('', 'registry.test/nest:1'))[0] ?? '/health', /\/health/);
    assert.match(messages(healthcheckMissing, backend('', 'matrixdotorg/synapse:v1.119.0'))[0] ?? '', /\/health/);
  });
});

describe('the database that a variable names', () => {
  const blog = (variable: string, host: string): string =>
    workload('Deployment', 'blog', 'blog', `image: "wordpress:6.8", env: [{name: ${variable}, value: ${host}}]`);
  const database = (
    port: number,
  ): string => `${workload('StatefulSet', 'store', 'blog', `image: "mysql:8.4", ports: [{containerPort: ${port}}]`)}
---
apiVersion: v1
kind: Service
metadata: {name: store, namespace: blog}
spec:
  selector: {app: store}
  ports: [{port: ${port}}]
`;
  const asks = (variable: string, port: number): readonly string[] =>
    named(configHostPort, `${blog(variable, 'store')}${database(port)}`);

  it('is the one whose port its Service has, and by its name MySQL or MongoDB', () => {
    for (const port of [3306, 27017, 1433, 5432]) assert.deepEqual(asks('DB_HOST', port), [], String(port));
    assert.deepEqual(asks('WORDPRESS_DB_HOST', 3306), []);
    assert.deepEqual(asks('MYSQL_HOST', 3306), []);
    assert.deepEqual(asks('MONGO_HOST', 27017), []);
  });

  it('is still asked at a port that it does not have', () => {
    assert.match(asks('DB_HOST', 6432).join(), /no port 5432/);
    assert.match(asks('PG_HOST', 3306).join(), /no port 5432/);
    assert.match(asks('MYSQL_HOST', 3307).join(), /no port 3306/);
  });

  it('may be reached where a policy opens the port of that one', () => {
    const policy = (port: number): string => `
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: store, namespace: blog}
spec:
  podSelector: {matchLabels: {app: store}}
  policyTypes: [Ingress]
  ingress: [{from: [{podSelector: {}}], ports: [{port: ${port}}]}]
`;
    const blocked = (port: number): readonly string[] =>
      named(netpolFlowBlocked, `${blog('DB_HOST', 'store')}${database(3306)}${policy(port)}`);
    assert.deepEqual(blocked(3306), []);
    assert.match(blocked(3307).join(), /store:3306/);
  });
});

describe('LiveKit with another application', () => {
  const livekit = workload(
    'Deployment',
    'livekit',
    'calls',
    'image: "livekit/livekit-server:v1.9.0", args: [--config, /etc/livekit/livekit.yaml], volumeMounts: [{name: conf, mountPath: /etc/livekit}]',
    `      volumes: [{name: conf, configMap: {name: livekit}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: livekit, namespace: calls}
data:
  livekit.yaml: |
    port: 7880
    redis: {address: "redis:6379"}
`,
  );
  const severities = (source: string): readonly string[] =>
    check(source, [livekitRedisDb]).findings.map(({ severity }) => severity);

  it('is not held to what the checklist asks of that of Matrix', () => {
    const tree = `${livekit}${workload('StatefulSet', 'redis', 'calls', 'image: "redis:7.4"')}`;
    for (const rule of [monitorMissing, redisPasswordMissing, count]) assert.deepEqual(named(rule, tree), [], rule.id);
    assert.deepEqual(severities(tree), ['info']);
    assert.deepEqual(severities(`${tree}${synapse}`), ['warning']);
  });
});
