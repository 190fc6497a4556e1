import { add, type Change, cut, edit, type Mutation, mutation } from './mutations/mutation';

const livekit = 'main-instance/04-livekit/deployment.yaml';
const jwt = 'main-instance/04-livekit/jwt-service.yaml';
const coturn = 'main-instance/05-coturn/deployment.yaml';
const element = 'main-instance/07-element-web/deployment.yaml';
const haproxyConfig = 'main-instance/02-haproxy/configmap.yaml';
const generic = 'main-instance/03-workers/generic-statefulset.yaml';
const issuer = 'infrastructure/04-networking/cluster-issuer.yaml';
const ingress = 'main-instance/02-haproxy/ingress.yaml';
const synapseConfig = 'main-instance/01-synapse/configmap.yaml';
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
  'two classes of an Ingress': mutation(
    'ingress-nginx-setting',
    annotated('kubernetes.io/ingress.class: nginx-internal'),
  ),
  'an annotation of another controller': mutation(
    'ingress-nginx-setting',
    edit(ingress, 'io/proxy-body-size', 'io/client-max-body-size'),
    { also: { 'upload-size-refused': 'The size is the default one then.' } },
  ),
  'keys of LiveKit as text': mutation(
    'livekit-config-invalid',
    edit(
      livekit,
      'keys:\n      API_KEY_PLACEHOLDER: API_SECRET_PLACEHOLDER',
      'keys: "API_KEY_PLACEHOLDER: API_SECRET_PLACEHOLDER"',
    ),
  ),
  'keys of LiveKit without a space': mutation(
    'livekit-config-invalid',
    edit(livekit, 'API_KEY_PLACEHOLDER: API_SECRET_PLACEHOLDER', 'API_KEY_PLACEHOLDER:API_SECRET_PLACEHOLDER'),
  ),
  'a port of LiveKit in quotes': mutation(
    'livekit-config-invalid',
    edit(livekit, '    port: 7880\n    rtc', '    port: "7880"\n    rtc'),
  ),
  'a range of LiveKit from its end': mutation(
    'livekit-config-invalid',
    edit(livekit, '      udp_port: 7882\n', '      port_range_start: 60000\n      port_range_end: 50000\n'),
  ),
  'TURN of LiveKit without a certificate': mutation(
    'livekit-config-invalid',
    edit(
      livekit,
      '    room:\n',
      '    turn:\n      enabled: true\n      domain: turn.tessera.test\n      tls_port: 5349\n    room:\n',
    ),
  ),
  'webhooks that no key of LiveKit signs': mutation(
    'livekit-config-invalid',
    edit(
      livekit,
      '    room:\n',
      '    webhook:\n      api_key: APIother\n      urls: ["https://rtc.tessera.test/sfu_webhook"]\n    room:\n',
    ),
  ),
  'media of LiveKit at a host port of TCP': mutation(
    'livekit-udp-range-unreachable',
    edit(livekit, '              hostPort: 7882\n              protocol: UDP\n', '              hostPort: 7882\n'),
  ),
  'media of LiveKit at another port than the host’s': mutation(
    'livekit-udp-range-unreachable',
    edit(livekit, 'tcp_port: 7881', 'tcp_port: 7981'),
  ),
  'LiveKit without TLS on a page with it': mutation('rtc-address-wrong', edit(jwt, 'wss://livekit', 'ws://livekit')),
  'a LiveKit that is lk-jwt-service': mutation(
    'rtc-address-wrong',
    edit(jwt, 'wss://livekit.tessera.test', 'wss://rtc.tessera.test'),
  ),
  'an address for tokens with a path that stays': mutation(
    'rtc-address-wrong',
    edit(synapseConfig, 'https://rtc.tessera.test', 'https://rtc.tessera.test/livekit/jwt'),
  ),
  'an address for tokens without the path of the Ingress': mutation(
    'rtc-address-wrong',
    edit(jwt, 'path: /\n            pathType', 'path: /livekit/jwt\n            pathType'),
  ),
  'an address for tokens that is LiveKit’s': mutation(
    'rtc-address-wrong',
    edit(synapseConfig, 'https://rtc.tessera.test', 'https://livekit.tessera.test'),
  ),
  'an entry for calls without a type': mutation(
    'rtc-focus-invalid',
    edit(synapseConfig, '- type: livekit\n          livekit_service_url', '- livekit_service_url'),
  ),
  'an entry for calls with an address of another name': mutation(
    'rtc-focus-invalid',
    edit(synapseConfig, 'livekit_service_url: ', 'livekit_url: '),
  ),
  'a name for calls that no client knows': mutation(
    'rtc-focus-invalid',
    edit(synapseConfig, 'org.matrix.msc4143.rtc_foci', 'org.matrix.msc4143.rtc_focii'),
  ),
  'a service for tokens without a key': mutation(
    'lk-jwt-service-misconfigured',
    edit(jwt, '- name: LIVEKIT_KEY\n', '- name: LIVEKIT_API_KEY\n'),
  ),
  'calls for another homeserver only': mutation(
    'lk-jwt-service-misconfigured',
    edit(jwt, 'value: matrix.tessera.test', 'value: tessera.test'),
  ),
  'a certificate of HAProxy that no volume brings': mutation(
    'config-path-missing',
    edit(
      haproxyConfig,
      '      bind :8008\n',
      '      bind :8008\n      bind :8443 ssl crt /etc/haproxy/certs/matrix.pem\n',
    ),
    { also: { 'haproxy-bind-port-unexposed': 'The port is new.' } },
  ),
  'requests that no rule of HAProxy takes': mutation(
    'haproxy-request-unanswered',
    edit(haproxyConfig, '      default_backend main\n', ''),
    { also: { 'haproxy-backend-undefined': 'Nothing uses the backend of the main process then.' } },
  ),
  'federation that HAProxy refuses': mutation(
    'haproxy-request-unanswered',
    inFrontend('http-request deny if { path_beg /_matrix/federation }'),
  ),
  'federation that workers do not answer': mutation(
    'haproxy-request-unanswered',
    edit(generic, 'names: [client, federation]', 'names: [client]'),
    { count: 2 },
  ),
  'a main process without federation': mutation(
    'haproxy-request-unanswered',
    edit(synapseConfig, '- names: [client, federation]', '- names: [client]'),
  ),
  'transactions that are spread by the address of the controller': mutation(
    'haproxy-affinity-lost',
    edit(
      haproxyConfig,
      'balance hdr(X-Forwarded-For)\n      hash-type consistent\n      server-template generic-',
      'balance source\n      hash-type consistent\n      server-template generic-',
    ),
  ),
  'TLS of HAProxy towards Synapse': mutation(
    'haproxy-config-invalid',
    edit(
      haproxyConfig,
      'synapse-media.matrix.svc.cluster.local:8008 check',
      'synapse-media.matrix.svc.cluster.local:8008 check ssl verify none',
    ),
  ),
  'the PROXY protocol towards Synapse': mutation(
    'haproxy-config-invalid',
    edit(
      haproxyConfig,
      'synapse-media.matrix.svc.cluster.local:8008 check',
      'synapse-media.matrix.svc.cluster.local:8008 check send-proxy-v2',
    ),
  ),
  'two servers of one name': mutation(
    'haproxy-config-invalid',
    edit(haproxyConfig, 'server redis-2 redis-2', 'server redis-1 redis-2'),
  ),
  'a HAProxy that wants to chroot': mutation(
    'haproxy-config-invalid',
    edit(haproxyConfig, '      maxconn 20000\n', '      maxconn 20000\n      chroot /var/lib/haproxy\n'),
  ),
  'a socket of HAProxy in a folder of root': mutation(
    'haproxy-config-invalid',
    edit(
      haproxyConfig,
      '      maxconn 20000\n',
      '      maxconn 20000\n      stats socket /run/haproxy/admin.sock mode 660\n',
    ),
  ),
  'processes of HAProxy': mutation(
    'haproxy-config-invalid',
    edit(haproxyConfig, '      maxconn 20000\n', '      maxconn 20000\n      nbproc 4\n'),
  ),
  'a rewrite of long ago': mutation('haproxy-config-invalid', inFrontend('reqrep ^GET\\ /old GET\\ /new')),
  'a word of HAProxy with two letters exchanged': mutation(
    'haproxy-config-invalid',
    edit(haproxyConfig, '      timeout queue 30s\n', '      timeout queue 30s\n      maxcnon 1000\n'),
  ),
  'a check that Synapse answers otherwise': mutation(
    'haproxy-healthcheck-missing',
    edit(
      haproxyConfig,
      'backend media\n      option httpchk GET /health',
      'backend media\n      option httpchk GET /health\n      http-check expect status 204',
    ),
  ),
  'a check that replicas of Redis pass': mutation(
    'haproxy-healthcheck-missing',
    edit(haproxyConfig, 'role:master', 'role:slave'),
  ),
  'a TURN address at the next port': mutation(
    'turn-uris-invalid',
    edit(synapseConfig, 'turn:turn.tessera.test:3478?transport=udp', 'turn:turn.tessera.test:3479?transport=udp'),
  ),
  'a TURN server that takes no UDP': mutation(
    'turn-uris-invalid',
    edit(coturn, '    fingerprint\n', '    fingerprint\n    no-udp\n'),
  ),
  'TURN credentials of some seconds': mutation(
    'turn-uris-invalid',
    edit(synapseConfig, 'turn_user_lifetime: 1h', 'turn_user_lifetime: 3600'),
  ),
  'a TURN server that may relay to nobody': mutation(
    'turn-option-misused',
    edit(coturn, 'denied-peer-ip=0.0.0.0-0.255.255.255', 'denied-peer-ip=0.0.0.0-255.255.255.255'),
  ),
  'a certificate of some days': mutation(
    'certificate-refused',
    edit(coturn, '  secretName: turn-tls\n  dnsNames', '  secretName: turn-tls\n  duration: 90d\n  dnsNames'),
  ),
  'a certificate that is renewed before it begins': mutation(
    'certificate-refused',
    edit(
      coturn,
      '  secretName: turn-tls\n  dnsNames',
      '  secretName: turn-tls\n  duration: 720h\n  renewBefore: 1440h\n  dnsNames',
    ),
  ),
  'a certificate of nobody': mutation(
    'certificate-refused',
    edit(coturn, '  dnsNames:\n    - turn.tessera.test\n', ''),
  ),
  'an authority that is none': mutation('certificate-refused', edit(issuer, '  isCA: true\n', '')),
  'a key that there is not': mutation('certificate-refused', edit(issuer, '    size: 256', '    size: 2048')),
  'a folder for scans that is not there': mutation(
    'config-path-missing',
    edit(scanner, 'temp_directory: /scan', 'temp_directory: /scan-files'),
  ),
  'a folder for scans that nobody makes': mutation(
    'config-path-missing',
    edit(scanner, 'temp_directory: /scan', 'temp_directory: /var/tmp/scans'),
  ),
  'probes of lk-jwt-service for another path': mutation(
    'probe-port-missing',
    [edit(jwt, 'path: /healthz', 'path: /health', 0), edit(jwt, 'path: /healthz', 'path: /health', 0)],
    { count: 2 },
  ),
  'a switch of Element Web as text': mutation(
    'element-config-invalid',
    edit(element, '"disable_guests": true', '"disable_guests": "false"'),
  ),
  'an address of calls without a scheme': mutation(
    'element-config-invalid',
    edit(element, '      "brand"', '      "element_call": { "url": "call.tessera.test" },\n      "brand"'),
  ),
  'an expression of HAProxy without its bracket': mutation(
    'haproxy-config-invalid',
    edit(haproxyConfig, '(r0|v3)/delete_devices$', '(r0|v3/delete_devices$'),
  ),
  'a word that balance does not know': mutation(
    'haproxy-config-invalid',
    edit(haproxyConfig, 'balance uri depth 5', 'balance uri deph 5'),
  ),
  'two servers of LiveKit that do not know each other': mutation(
    'livekit-config-invalid',
    cut(livekit, '    redis:\n      sentinel_master_name', '      db: 1\n'),
  ),
  'an API of LiveKit that no path leads to': mutation(
    'rtc-address-wrong',
    edit(livekit, 'path: /\n            pathType', 'path: /rtc\n            pathType'),
  ),
  'a port of LiveKit that only pods have': mutation(
    'rtc-address-wrong',
    edit(jwt, 'wss://livekit.tessera.test', 'wss://livekit.tessera.test:7880'),
  ),
  'paths that HAProxy cuts': mutation(
    'haproxy-request-unanswered',
    inFrontend('http-request replace-path /_matrix(/.*) \\1'),
  ),
  'a class with a capital letter': mutation(
    'ingress-class-unknown',
    edit(ingress, 'ingressClassName: nginx', 'ingressClassName: Nginx'),
  ),
  'an Ingress beside the namespace of its Service': mutation(
    'ingress-backend-missing',
    edit(ingress, '  namespace: matrix\n', '  namespace: ingress-nginx\n'),
  ),
};

function inFrontend(line: string): Change {
  const first = '      monitor-uri /health\n';
  return edit(haproxyConfig, first, `${first}      ${line}\n`);
}

function annotated(annotation: string): Change {
  const first = '    cert-manager.io/cluster-issuer: tessera-ca\n';
  return edit(ingress, first, `${first}    ${annotation}\n`);
}

/** What is as right: nothing is found. */
export const acceptedReach: Readonly<Record<string, readonly Change[]>> = {
  'a route of Traefik through a Middleware of the tree': [
    add(
      'main-instance/02-haproxy/middleware.yaml',
      `apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata:
  name: headers
  namespace: matrix
spec:
  headers:
    sslRedirect: true
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: middlewares.traefik.io
spec:
  group: traefik.io
  scope: Namespaced
  names: {kind: Middleware, plural: middlewares}
  versions:
    - name: v1alpha1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          x-kubernetes-preserve-unknown-fields: true
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: ingressroutes.traefik.io
spec:
  group: traefik.io
  scope: Namespaced
  names: {kind: IngressRoute, plural: ingressroutes}
  versions:
    - name: v1alpha1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          x-kubernetes-preserve-unknown-fields: true
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata:
  name: matrix
  namespace: matrix
spec:
  routes:
    - match: Host(\`federation.tessera.test\`)
      kind: Rule
      middlewares:
        - name: headers
      services:
        - name: haproxy
          port: 8008
`,
    ),
  ],
  'an address for tokens with a path that the Ingress takes away': [
    edit(synapseConfig, 'https://rtc.tessera.test', 'https://rtc.tessera.test/livekit/jwt'),
    edit(
      jwt,
      'path: /\n            pathType: Prefix',
      'path: /livekit/jwt(/|$)(.*)\n            pathType: ImplementationSpecific',
    ),
    edit(
      jwt,
      '    cert-manager.io/cluster-issuer: tessera-ca\n',
      '    cert-manager.io/cluster-issuer: tessera-ca\n    nginx.ingress.kubernetes.io/rewrite-target: /$2\n',
    ),
  ],
  'LiveKit’s address by https': [edit(jwt, 'wss://livekit', 'https://livekit')],
  'a certificate of LiveKit’s TURN that a load balancer has': [
    edit(
      livekit,
      '    room:\n',
      '    turn:\n      enabled: true\n      domain: turn.tessera.test\n      tls_port: 5349\n      external_tls: true\n    room:\n',
    ),
  ],
  'a service for tokens that reads its key from a file': [
    edit(jwt, '- name: LIVEKIT_KEY\n', '- name: LIVEKIT_KEY_FROM_FILE\n'),
  ],
};
