import nginxConfigInvalid from '../../../rules/services/nginx-config-invalid';
import { expectMarks } from '../expect';

/** A ConfigMap with one file. */
const file = (text: string, key = 'default.conf'): string => `
      #- /nginx.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: nginx, namespace: matrix}
      data:
        ${key}: |
${text}
`;

describe('configurations of nginx', () => {
  it('are read as nginx reads them', () => {
    expectMarks(
      nginxConfigInvalid,
      file(
        `
          # A brace in a comment: }
          user nginx;
          events { worker_connections 1024; }
          http {
            include /etc/nginx/mime.types;
            log_format m '$remote_addr "$request" {"a": 1}' escape=json;
            access_log /dev/stdout m if=$loggable;
            map $request_uri $loggable { ~^/healthz 0; "~^/a{2}" 1; default 1; }
            map $http_upgrade $connection_upgrade { default upgrade; '' close; }
            geo $internal { default 0; 10.0.0.0/8 1; }
            split_clients "\${remote_addr}A" $variant { 50% a; * b; }
            limit_req_zone $binary_remote_addr zone=login:10m rate=5r/s;
            types { text/plain txt; }
            upstream synapse { zone z 64k; least_conn; server synapse:8008 max_fails=3; keepalive 16; }
            server {
              listen 8080 default_server;
              listen [::]:8080;
              server_name ~^(?<sub>.+)\\.matrix\\.test$;
              if ($request_method = OPTIONS) { return 204; }
              location = /healthz { return 200 "ok\\n"; }
              location /healthz { return 404; }
              location ~ ^/_matrix/client/(r0|v3)/sync$ {
                proxy_set_header X-Sub $sub;
                proxy_pass http://synapse$request_uri;
              }
              location /a/ {
                more_set_headers
                    "X-A: b"
                    "X-C: d";
                proxy_pass http://synapse/b/;
                location ~ \\.php$ { return 403; }
              }
            }
          }
          stream { server { listen 3478 udp; proxy_pass turn:3478; } upstream u { server a:1; } }`,
        'nginx.conf',
      ),
    );
  });

  it('have directives that end, and blocks that are closed', () => {
    expectMarks(
      nginxConfigInvalid,
      file(`
          server {
            listen 8080
      #     ^^^^^^^^^^^ 💡 error: The directive listen is not ended by a semicolon
            server_name a.test;
            location / { proxy_pass http://a:80; }
          }`),
    );
    expectMarks(
      nginxConfigInvalid,
      file(`
          server {
            listen 8080;
            location / { proxy_pass http://a:80; }
          }
          }
      #   ^ error: This brace closes no block`),
    );
    expectMarks(
      nginxConfigInvalid,
      file(`
          server {
      #   ^^^^^^ error: A block is not closed
            listen 8080;
            location / {
              proxy_pass http://a:80;
          }`),
    );
  });

  it('have directives where they may stand, each once where it has a name', () => {
    expectMarks(
      nginxConfigInvalid,
      file(
        `
          http {
      #   ^^^^ 💡 error: The configuration has no block events
            location / { return 404; }
      #     ^^^^^^^^^^ error: The directive location cannot stand in http
            upstream a { server a:80; }
            upstream a { server b:80; }
      #              ^ error: There are two upstreams a
            upstream c { keepalive 4; }
      #              ^ error: The upstream c has no server
            server {
              proxy_pass http://a;
      #       ^^^^^^^^^^^^^^^^^^^ error: The directive proxy_pass cannot stand in server
              proxy_set_headers Host $host;
      #       ^^^^^^^^^^^^^^^^^ 💡 error: nginx knows no directive proxy_set_headers — did you mean proxy_set_header?
              location /a { return 404; }
              location ^~ /a { return 404; }
      #       ^^^^^^^^^^^^^^ error: There are two locations /a
              location ~ ^/b { proxy_pass http://a/b; }
      #                                   ^^^^^^^^^^ error: proxy_pass cannot have a path in a location by a regular expression
              location @c { proxy_pass http://a/; }
      #                                ^^^^^^^^^ 💡 error: proxy_pass cannot have a path in a named location
            }
          }`,
        'nginx.conf',
      ),
    );
  });

  it('need a resolver for hosts in variables, and variables that something defines', () => {
    const server = (more: string, target: string): string => `
          server {
            listen 8080;
${more}
            location / {
              set $backend http://synapse.matrix.svc.cluster.local:8008;
              proxy_pass ${target};`;
    expectMarks(
      nginxConfigInvalid,
      file(`${server('', '$backend$request_uri')}
      #                  ^^^^^^^^^^^^^^^^^^^^ warning: look up synapse.matrix.svc.cluster.local for each request, and there is no resolver
            }
          }`),
    );
    expectMarks(
      nginxConfigInvalid,
      file(`${server('            resolver 10.96.0.10;', '$bakend')}
      #                  ^^^^^^^ warning: Nothing defines the variable $bakend — did you mean $backend?
            }
          }`),
    );
    // What another file of the folder defines, and what a file defines that nobody shows, is not missing.
    expectMarks(
      nginxConfigInvalid,
      `${file(`${server('', '$elsewhere')}
            }
          }`)}
        maps.conf: |
          map $arg_since $elsewhere { default http://10.0.0.1; }`,
    );
    expectMarks(
      nginxConfigInvalid,
      file(`${server('            include /vault/secrets/upstreams.conf;', '$elsewhere')}
            }
          }`),
    );
  });

  it('are left alone in other languages', () => {
    for (const text of [
      'server {\n            listen 8080;\n            content_by_lua_block { local a = {} }',
      'server {\n            listen {{ .Values.port }};\n            server_name a.test',
      'frontend http\n            bind *:80\n            http-request set-header X-A b if { ssl_fc }',
    ])
      expectMarks(nginxConfigInvalid, file(`          ${text}`));
  });

  it('have values that nginx reads', () => {
    const fault = (line: string, error: string): void =>
      expectMarks(
        nginxConfigInvalid,
        file(
          [
            '          server {',
            '            listen 8080;',
            `            ${line}`,
            ...(error === '' ? [] : [`      #     ${error}`]),
            '            location / { proxy_pass http://synapse:8008; }',
            '          }',
          ].join('\n'),
        ),
      );
    for (const line of [
      'client_max_body_size 1G;',
      'client_max_body_size 0;',
      'proxy_read_timeout "1h 30m";',
      'proxy_read_timeout 500ms;',
      'keepalive_timeout 75s 60s;',
      'sendfile ON;',
      'limit_rate $rate;',
      'listen [::]:8080 ipv6only=off;',
      'listen 127.0.0.1:8080;',
      'resolver ${NGINX_LOCAL_RESOLVERS} valid=10s ipv6=off;',
      'client_max_body_size ${MAX_SIZE};',
    ])
      fault(line, '');
    fault(
      'client_max_body_size 10MB;',
      '                     ^^^^ 💡 error: 10MB is no size for client_max_body_size — write 10M',
    );
    fault(
      'proxy_read_timeout 300sec;',
      '                   ^^^^^^ 💡 error: 300sec is no time for proxy_read_timeout — write 300s',
    );
    fault('proxy_buffering no;', '                ^^ 💡 error: no is no switch for proxy_buffering — write off');
    fault('proxy_read_timeout 1h 30m;', '^^^^^^^^^^^^^^^^^^^^^^^^^ error: proxy_read_timeout takes 1 value and has 2');
    fault('proxy_set_header Host;', '^^^^^^^^^^^^^^^^^^^^^ error: proxy_set_header takes 2 values and has 1');
    fault('gzip;', '^^^^ error: gzip takes 1 value and has none');
    fault('listen *:8080;', '^^^^^^^^^^^^^ error: The server listens twice on *:8080');
    fault('listen 8443 defualt_server;', '            ^^^^^^^^^^^^^^ error: listen has no option defualt_server');
  });
});
