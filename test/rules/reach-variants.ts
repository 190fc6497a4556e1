import { type Change, edit, type Mutation, mutation } from './mutations';

const livekit = 'main-instance/04-livekit/deployment.yaml';
const jwt = 'main-instance/04-livekit/jwt-service.yaml';
const coturn = 'main-instance/05-coturn/deployment.yaml';
const element = 'main-instance/07-element-web/deployment.yaml';
const haproxyConfig = 'main-instance/02-haproxy/configmap.yaml';
const ingress = 'main-instance/02-haproxy/ingress.yaml';
const clamav = 'antivirus/01-clamav/deployment.yaml';
const scanner = 'antivirus/02-scan-workers/deployment.yaml';

/** Mistakes on the way from clients and other servers to what answers them. */
export const reachVariants: Readonly<Record<string, Mutation>> = {
  'LiveKit on another port than the probes and the Service ask': mutation(
    'port-not-listened-on',
    edit(livekit, '    port: 7880\n    rtc', '    port: 7890\n    rtc'),
  ),
  'lk-jwt-service on another port': mutation('port-not-listened-on', edit(jwt, 'value: "8080"', 'value: "8081"')),
  'lk-jwt-service for its own pod only': mutation(
    'port-not-listened-on',
    edit(
      jwt,
      'LIVEKIT_JWT_PORT\n              value: "8080"',
      'LIVEKIT_JWT_BIND\n              value: "127.0.0.1:8080"',
    ),
  ),
  'Element Web on the port of its image': mutation(
    'port-not-listened-on',
    edit(element, '          env:\n            - name: ELEMENT_WEB_PORT\n              value: "8080"\n', ''),
  ),
  'a content scanner on another port': mutation(
    'port-not-listened-on',
    edit(scanner, '      port: 8080\n    scan', '      port: 8081\n    scan'),
  ),
  'clamd on another port': mutation('port-not-listened-on', edit(clamav, 'TCPSocket 3310', 'TCPSocket 3311')),
  'coturn for its own pod only': mutation(
    'port-not-listened-on',
    edit(coturn, '    fingerprint\n', '    fingerprint\n    listening-ip=127.0.0.1\n'),
  ),
  'a HAProxy that takes requests of its own pod only': mutation(
    'port-not-listened-on',
    edit(haproxyConfig, 'bind :8008', 'bind 127.0.0.1:8008'),
  ),
  'an Ingress that does not wait for a long poll': mutation(
    'proxy-timeout-short',
    edit(ingress, 'proxy-read-timeout: "300"', 'proxy-read-timeout: "10"'),
  ),
  'TLS towards a HAProxy without': mutation(
    'ingress-backend-protocol',
    annotated('nginx.ingress.kubernetes.io/backend-protocol: HTTPS'),
  ),
  'a timeout with a unit': mutation(
    'ingress-nginx-setting',
    edit(ingress, 'proxy-read-timeout: "300"', 'proxy-read-timeout: 300s'),
  ),
  'HAProxy timeouts in milliseconds': mutation(
    'proxy-timeout-short',
    edit(haproxyConfig, 'timeout server 5m', 'timeout server 300'),
  ),
  'a rewrite of all paths to one': mutation(
    'ingress-nginx-setting',
    annotated('nginx.ingress.kubernetes.io/rewrite-target: /'),
  ),
  'a canary of nothing': mutation('ingress-nginx-setting', annotated('nginx.ingress.kubernetes.io/canary: "true"')),
  'two classes of an Ingress': mutation('ingress-nginx-setting', annotated('kubernetes.io/ingress.class: nginx')),
  'an annotation of another controller': mutation(
    'ingress-nginx-setting',
    edit(ingress, 'io/proxy-body-size', 'io/client-max-body-size'),
    { also: { 'upload-size-refused': 'The size is the default one then.' } },
  ),
  'an Ingress beside the namespace of its Service': mutation(
    'ingress-backend-missing',
    edit(ingress, '  namespace: matrix\n', '  namespace: ingress-nginx\n'),
  ),
};

function annotated(annotation: string): Change {
  const first = '    cert-manager.io/cluster-issuer: tessera-ca\n';
  return edit(ingress, first, `${first}    ${annotation}\n`);
}
