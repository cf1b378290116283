import 'reflect-metadata';
import type { Server } from 'node:http';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Response } from 'express';
import { createGateway } from 'gateway-core';

class AppModule {}
// What the decorator does; written as a call, since not every compiler takes decorators.
Module({})(AppModule);

/** A gateway beside a Nest app. Nest closes its server, and the gateway with it. */
export async function start(port: number) {
  const app = await NestFactory.create(AppModule, { logger: false });
  const server: Server = app.getHttpServer();
  const gateway = createGateway({ server });

  app.getHttpAdapter().get('/', (_request: unknown, response: Response) => {
    response.send('hello from nest\n');
  });

  await app.listen(port);

  const stop = () => app.close();
  return { server, gateway, stop };
}
