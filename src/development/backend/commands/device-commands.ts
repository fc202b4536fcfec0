// For development only: never part of what runs on a device.
import type { Command } from 'commander';
import type { Assignment } from '../devices/device-record.js';
import { OperatorClient } from './operator-client.js';
import { show, type GlobalOptions } from './output.js';

interface DeviceLine {
  readonly uuid: string;
  readonly deviceId: string;
  readonly registered: boolean;
  readonly openAssignments: number;
  readonly manifestNumber: number;
  readonly ecus: readonly {
    readonly serial: string;
    readonly hardwareId: string;
    readonly installed: { readonly filepath: string } | null;
  }[];
}

export function addDeviceCommands(program: Command): void {
  program
    .command('devices')
    .description('list the devices, or show everything about one')
    .argument('[device]', 'UUID or device id')
    .action(async (device: string | undefined, _options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const client = OperatorClient.ofState(options.state);
      if (device === undefined) {
        const devices = (await client.call('GET', '/devices')) as readonly DeviceLine[];
        show(options, devices, devices.length === 0 ? ['no device yet'] : devices.flatMap(deviceLines));
      } else {
        const detail = await client.call('GET', devicePath(device));
        show(options, detail, [JSON.stringify(detail, null, 2)]);
      }
    });
  program
    .command('assign')
    .description('let a device install a published target')
    .argument('<device>', 'UUID or device id')
    .argument('<target>', 'file name of the target')
    .option('--ecu <serial>', 'only this ECU (default: all whose hardware id fits)')
    .action(async (device: string, target: string, _options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { readonly ecu?: string }>();
      const order = { target, ecu: options.ecu ?? null };
      const client = OperatorClient.ofState(options.state);
      const made = (await client.call('POST', `${devicePath(device)}/assignments`, order)) as readonly Assignment[];
      show(
        options,
        made,
        made.map((one) => `assigned ${one.target} to ECU ${one.ecu}, correlation id ${one.correlationId}`),
      );
    });
  program
    .command('cancel')
    .description('take all open assignments of a device back')
    .argument('<device>', 'UUID or device id')
    .option('--force', 'also those that the device has seen already')
    .action(async (device: string, _options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { readonly force?: boolean }>();
      const path = `${devicePath(device)}/assignments?force=${options.force === true}`;
      const client = OperatorClient.ofState(options.state);
      const ended = (await client.call('DELETE', path)) as readonly Assignment[];
      show(
        options,
        ended,
        ended.map((one) => `cancelled ${one.target} for ECU ${one.ecu}`),
      );
    });
}

function devicePath(device: string): string {
  return `/devices/${encodeURIComponent(device)}`;
}

function deviceLines(device: DeviceLine): string[] {
  const state = device.registered ? '' : ', not registered';
  return [
    `${device.uuid}  ${device.deviceId}: ${device.openAssignments} open, manifest ${device.manifestNumber}${state}`,
    ...device.ecus.map((ecu) => `  ECU ${ecu.serial} (${ecu.hardwareId}): ${ecu.installed?.filepath ?? 'unknown'}`),
  ];
}
