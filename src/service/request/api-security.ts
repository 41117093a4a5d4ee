import { applyDecorators } from '@nestjs/common';
import { ApiSecurity } from '@nestjs/swagger';

/** Documents a route for clients: a key in one of two places, and none where no clients are configured. */
export const ApiClientKey = (): MethodDecorator & ClassDecorator =>
  applyDecorators(ApiSecurity('client_key_header'), ApiSecurity('client_key'), ApiSecurity({}));

/** Documents a route of the operator. */
export const ApiAdminToken = (): MethodDecorator & ClassDecorator =>
  applyDecorators(ApiSecurity('admin_token'));
