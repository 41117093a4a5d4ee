import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { Express } from 'express';
import { SERIN_CONFIG } from '../../base/config/serin-config.js';
import { rootRoute } from './operator-routes.js';

/** The OpenAPI document of the application's routes; openapi.json is its committed copy. */
export function createDocument(app: NestExpressApplication): OpenAPIObject {
  const head = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Serin')
    .setDescription(
      'Classifies text with versioned models. Errors are `application/problem+json` (RFC 9457); docs/errors.md lists their codes.',
    )
    .setVersion('1')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addTag('prediction', 'Text in, label out.')
    .addTag('models', 'What the registry holds.')
    .addTag('operations', 'Probes and metrics.')
    .addTag('admin', 'What can be changed while the service runs; only with ADMIN_TOKEN set.')
    .addServer('/', 'The service that serves this document.')
    .addSecurity('client_key', {
      type: 'http',
      scheme: 'bearer',
      description:
        'The key of a client. Wanted when `clients` or API_KEYS are set; without them every caller is served.',
    })
    .addSecurity('client_key_header', {
      type: 'apiKey',
      in: 'header',
      name: 'x-api-key',
      description: 'The same key in a header of its own.',
    })
    .addSecurity('admin_token', {
      type: 'http',
      scheme: 'bearer',
      description: 'ADMIN_TOKEN; where it is not set, there is no /admin.',
    })
    .build();
  const document = SwaggerModule.createDocument(app, head, {
    operationIdFactory: (_controller, method) => method,
  });
  sayWhatIsOpen(document);
  return document;
}

const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const;

/** Says of each operation that needs neither key nor token that it needs none. */
function sayWhatIsOpen({ paths }: OpenAPIObject): void {
  for (const path of Object.values(paths)) {
    for (const method of METHODS) {
      const operation = path[method];
      if (operation !== undefined) operation.security ??= [];
    }
  }
}

/**
 * Serves GET /docs (Swagger UI from local files), GET /openapi.json, and GET /, which leads to the first. The document
 * is created at the first request for it, because creating it at the start would delay the warm-up of the workers.
 */
export function serveDocument(app: NestExpressApplication): void {
  SwaggerModule.setup('docs', app, () => createDocument(app), {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: 'Serin',
    swaggerOptions: { validatorUrl: null },
  });
  const express: Express = app.getHttpAdapter().getInstance();
  express.get('/', rootRoute(app.get(SERIN_CONFIG)));
}
