import type { LogPosition } from 'gateway-protocol';
import { type DataBody, dataBody } from './data-body.js';
import type { Groups } from './groups/groups.js';
import { isPromise, type MaybePromise } from './maybe-promise.js';

/** The one way into a group's log, for clients and for the server. */
export class Publisher {
  /** Messages accepted since the start. */
  published = 0;

  constructor(private readonly groups: Groups) {}

  /**
   * Opens the group, so that its log holds the message, and publishes.
   * @throws GatewayError `TOO_MANY_GROUPS`, at once or by rejection.
   */
  publish(body: DataBody): MaybePromise<LogPosition> {
    const { groupId } = body;
    const group = this.groups.get(groupId) ?? this.groups.open(groupId);
    const message = { body: dataBody(body), delivery: body.delivery, key: body.key };
    const position = isPromise(group)
      ? group.then(() => this.groups.publish(groupId, message))
      : this.groups.publish(groupId, message);
    if (isPromise(position)) return position.then((answer) => this.#count(answer));
    return this.#count(position);
  }

  #count(position: LogPosition): LogPosition {
    this.published += 1;
    return position;
  }
}
