/**
 * The one list of everything that can go wrong and is expected to.
 * `docs/errors.md`, exit codes and event texts are made from it; a code is never renamed once released.
 */

/**
 * What the agent does about an error (design rule 4):
 * transient: try again with backoff; permanent: this very target can't work here, it counts towards quarantine;
 * security: something was refused by verification; operator: a person must act.
 */
export type ErrorKind = 'transient' | 'permanent' | 'security' | 'operator';

interface CatalogueEntry {
  readonly kind: ErrorKind;
  /** One sentence: when it happens. */
  readonly meaning: string;
  /** What a person can do. */
  readonly hint: string;
}

const entry = (kind: ErrorKind, meaning: string, hint: string): CatalogueEntry => ({ kind, meaning, hint });

export const errorCatalogue = {
  // network
  NETWORK_UNREACHABLE: entry(
    'transient',
    'The server could not be reached: name, route, refused or reset connection.',
    'Check the network, the name and the port; the agent tries again by itself.',
  ),
  NETWORK_TIMEOUT: entry(
    'transient',
    'The server did not answer in time.',
    'Check the network; the agent tries again by itself.',
  ),
  NETWORK_STALLED: entry(
    'transient',
    'A transfer was slower than the limit for too long (slow retrieval).',
    'Check the network; what stalled while metadata were fetched is told to the server in attacks_detected.',
  ),
  HTTP_STATUS: entry(
    'transient',
    'The server answered with a status that means failure.',
    'See the status and the body in the log; 5xx and 429 pass by themselves.',
  ),
  HTTP_RESPONSE_TOO_LARGE: entry(
    'security',
    'A reply was larger than the cap of its role.',
    'Check that the configured URL is the update server.',
  ),
  HTTP_BAD_REPLY: entry(
    'transient',
    'A reply was not what the protocol says (a captive portal does this).',
    'Check that nothing between device and server rewrites replies.',
  ),
  TLS_SERVER_REFUSED: entry(
    'security',
    "The server's certificate is not signed by our authority or has another name.",
    'Compare the authority in the device credential with the one of the server.',
  ),
  TLS_CLIENT_REFUSED: entry(
    'operator',
    "The server refused this device's certificate.",
    'Provision the device again or ask the operator of the server why.',
  ),
  CLOCK_SUSPECT: entry(
    'operator',
    'The clock is before what is known to have passed, so certificates can not be judged.',
    'Set the clock or let time synchronisation run.',
  ),
  // provisioning
  CREDENTIALS_MISSING: entry(
    'operator',
    'No credentials to provision with were found.',
    'Put credentials.zip where provision.provision_path says.',
  ),
  CREDENTIALS_INVALID: entry(
    'operator',
    'Credentials could not be read.',
    'Fetch a new credentials.zip from the server.',
  ),
  PROVISIONING_REFUSED: entry(
    'operator',
    'The server refused to register this device.',
    'See the code of the server in the message.',
  ),
  DEVICE_ALREADY_REGISTERED: entry(
    'operator',
    'Another device holds this device id.',
    'Give this device another id or delete the old one on the server.',
  ),
  ECU_ALREADY_REGISTERED: entry(
    'operator',
    'The server knows other ECUs under these serials.',
    'Compare the list of ECUs on the server with `sotactl status`.',
  ),
  IDENTITY_DAMAGED: entry(
    'operator',
    'Key or certificate of the device could not be read, nor their copies.',
    'Provision the device again.',
  ),
  ROOT_MISSING: entry(
    'operator',
    'No first root metadata are known and first use is not allowed.',
    'Ship director and image root in the image (/usr/lib/sota/roots) or set uptane.first_use.',
  ),
  // metadata
  METADATA_MALFORMED: entry(
    'security',
    'Metadata are not what their format demands.',
    'The server or something before it alters files.',
  ),
  METADATA_SIGNATURE: entry(
    'security',
    'Too few valid signatures for the role.',
    'The keys of the server do not fit the root that this device trusts.',
  ),
  METADATA_EXPIRED: entry(
    'transient',
    'Metadata are past their date.',
    'The server must renew them; check the clock of the device.',
  ),
  METADATA_ROLLBACK: entry(
    'security',
    'Metadata are older than what was already trusted.',
    'Restore the newer state on the server.',
  ),
  METADATA_MISMATCH: entry(
    'security',
    'A hash, version or length differs from the one in the signed list above it.',
    'The server serves files of different moments; it should settle by itself.',
  ),
  METADATA_ROOT_CHAIN: entry(
    'security',
    'A new root does not follow from the trusted one.',
    'Root N+1 must be signed by a threshold of root N and of itself.',
  ),
  METADATA_UNAVAILABLE: entry(
    'transient',
    'A metadata file could not be fetched.',
    'Check the server; the agent tries again by itself.',
  ),
  REPOSITORIES_DISAGREE: entry(
    'security',
    'Director and image repository describe the target differently.',
    'Check hash, length and hardware ids of the target in both repositories.',
  ),
  TARGET_UNKNOWN: entry(
    'security',
    'The director names a target that the image repository does not know.',
    'Publish the target in the image repository.',
  ),
  ASSIGNMENT_FOREIGN: entry(
    'security',
    'The director names an ECU that is not here, or twice, or with another hardware id.',
    'Check the ECUs of the device on the server.',
  ),
  TARGET_FORMAT: entry(
    'permanent',
    'The kind of the target can not be installed by the configured package manager.',
    'Assign a target of the right kind.',
  ),
  // download and installation
  DOWNLOAD_FAILED: entry('transient', 'The download broke off.', 'The agent goes on where it stopped.'),
  DOWNLOAD_CORRUPT: entry(
    'transient',
    'What was downloaded does not have the signed hash.',
    'Check the file on the server.',
  ),
  PULL_FAILED: entry('transient', 'ostree could not pull the commit.', 'See the text of ostree in the message.'),
  PULL_STALLED: entry('transient', 'ostree got not one byte for too long.', 'Check the network and the treehub.'),
  OBJECT_MISSING: entry('transient', 'The treehub lacks an object of the commit.', 'Push the commit again.'),
  OBJECT_CORRUPT: entry(
    'transient',
    'An object of the treehub does not have its checksum.',
    'Push the commit again with a check of its objects.',
  ),
  DISK_FULL: entry('transient', 'There is not enough space.', 'Free space; the agent tries again when there is more.'),
  DEPLOY_FAILED: entry('permanent', 'ostree could not deploy the commit.', 'See the text of ostree in the message.'),
  INSTALLATION_FAILED: entry('permanent', 'The target could not be installed.', 'See the reason in the message.'),
  BOOT_CONFIGURATION_WRONG: entry(
    'permanent',
    'What would boot next is not what was deployed.',
    'See the reason in the message; nothing was rebooted, the deployment was undone.',
  ),
  BOOT_CONFIGURATION_UNAVAILABLE: entry(
    'operator',
    'The boot configuration can not be written on this board.',
    'Check sysroot.bootloader and boot/loader/uEnv.txt.',
  ),
  SYSROOT_UNAVAILABLE: entry(
    'operator',
    'The OSTree sysroot could not be read.',
    'Check pacman.sysroot, pacman.os and that ostree is installed.',
  ),
  ROLLED_BACK: entry(
    'permanent',
    'The device booted another version than the one that was installed.',
    'The target stays on hold until the director assigns another one.',
  ),
  LOOP_DETECTED: entry(
    'permanent',
    'The attempt wrote its journal too often without progress.',
    'Report it with the history of the device.',
  ),
  ATTEMPT_DEADLINE: entry(
    'permanent',
    'The attempt did not end within its deadline.',
    'See the last error of the attempt.',
  ),
  WITHDRAWN: entry('transient', 'The director took the assignment back.', 'Nothing to do.'),
  UPDATE_LOCKED: entry(
    'transient',
    'Somebody holds the update lock or inhibits the shutdown.',
    'Release the lock that the status names.',
  ),
  REBOOT_FAILED: entry('operator', 'The reboot command failed.', 'Check bootloader.reboot_command.'),
  // reports
  REPORT_REFUSED: entry('operator', 'The server refused a manifest.', 'See the code of the server in the message.'),
  // local
  CONFIGURATION_INVALID: entry('operator', 'The configuration has a mistake.', 'Run `sotactl config check`.'),
  STATE_DAMAGED: entry('operator', 'A state file could not be read.', 'See the file in the message.'),
  STATE_LOCKED: entry('operator', 'Another sotad uses this storage.', 'Stop the other one.'),
  STORAGE_UNSAFE: entry(
    'operator',
    'The storage folder can be written by others.',
    'Make it 0700 and owned by the user of sotad.',
  ),
  FILE_UNREADABLE: entry('operator', 'A file could not be read or written.', 'See file and reason in the message.'),
  PROCESS_FAILED: entry('transient', 'A child process failed.', 'See its text in the message.'),
  PROCESS_NOT_FOUND: entry(
    'operator',
    'A program that is needed is not installed.',
    'Install the program that the message names.',
  ),
  DAEMON_NOT_RUNNING: entry('operator', 'The daemon does not answer.', 'Start it: systemctl start sotad.'),
  CONTROL_REFUSED: entry('operator', 'The daemon refused the request.', 'See the reason in the message.'),
  INTERNAL: entry('transient', 'A bug of sotad.', 'Please report it with the log; the agent goes on and tries again.'),
  ABORTED: entry('transient', 'It was cancelled.', 'Nothing to do.'),
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof errorCatalogue;
