/** English texts of the page itself: its start, its failures, its errors. */
export const page = {
  app: {
    title: 'MiniCPM in the browser',
    description: 'A private assistant that runs wholly on this device. What you write never leaves it.',
    skip: 'Skip to the content',
    switchLanguage: '切换到中文',
    otherLanguage: '中文',
    darkTheme: 'Switch to the dark theme',
    lightTheme: 'Switch to the light theme',
    dropHere: 'Drop to open the model',
    dropHereSeen: 'Drop pictures to ask about, or a model to open',
    close: 'Close',
  },
  numbers: {
    notTaken: 'Not taken: {range}. What was there before still holds.',
    between: 'it can be from {min} to {max}',
    whole: 'it can be a whole number from {min} to {max}',
    atLeast: 'it can be {min} or more',
  },
  start: {
    heading: 'Your words stay on this device.',
    lead: 'MiniCPM is a private assistant that runs wholly in this browser. What you write is never sent anywhere.',
    failed: 'This page did not come through in full. Check the connection, then reload it.',
    continueWith: 'Continue with {model}',
    continueChat: 'Your last conversation: {title}',
    interrupted: 'The answer that was cut off goes on then.',
    draftWaits: 'What you have not sent yet waits there.',
    continueNote: 'Already on this device. Opens without the network.',
    demoHeading: 'Try it now',
    demoStart: 'Start with the demo model',
    demoLabel: 'Demo model',
    demoChip: 'demo',
    demoSize: '{parameters} parameters',
    demoLicence: 'Licence: {licence}',
    demoCan:
      'Can do: sums, comparing mountains whose heights you tell it, single words between Chinese and English, simple facts, putting words in order, saying who it is; of drawn pictures, what shapes, number or bars they show.',
    demoCannot: 'Cannot do: real conversation, writing, reasoning. It is very small and only shows how this works.',
    cancelled: 'Cancelled. You can start again whenever you like.',
  },
  rendering: {
    code: 'Code',
    copyCode: 'Copy the code',
    codeCopied: 'Code copied',
    table: 'Table',
    formula: 'Formula',
    done: 'Done',
    notDone: 'Not done',
    newTab: '(opens in a new tab)',
  },
  update: {
    ready: 'A new version of this app is ready.',
    now: 'Update now',
    later: 'Later',
  },
  failure: {
    recovering:
      'The model was interrupted, as happens after sleep or where memory runs short. It is being opened again; then the answer goes on by itself.',
    otherTab: 'Another tab of this page has a model open.',
    otherTabModel: 'Another tab of this page has “{model}” open.',
    otherTabChat: 'Another tab of this page has “{model}” open, in the conversation “{chat}”.',
    otherTabWhy:
      'Two at once would take the memory twice. If you use it here, the other tab lets go; what is written there is kept.',
    takeOver: 'Use it here',
    openBeside: 'Open it here too',
    takenOver: 'Another tab uses the model now. What was written here is kept.',
    takeBack: 'Use it here again',
    smallerContext: 'Open it with a shorter memory: {tokens} tokens',
    smallerModel: 'Open {model} instead',
    smallerModels: 'Choose a smaller model',
    safeHeading: 'Start another way?',
    crashed: {
      loading:
        'The last visits ended abruptly while the model was being opened. The graphics driver or too little memory may be the reason.',
      answering:
        'The last visits ended abruptly while an answer was being written. The graphics driver or too little memory may be the reason.',
    },
    onProcessor: 'Without the graphics processor (slow)',
    asBefore: 'As before',
    avoidsGpu: 'Until this page is closed, everything runs on the processor.',
    useGpu: 'Use the graphics processor again',
  },
  browsers: {
    windows: 'On Windows, Chrome or Edge 127 and newer have it, and Firefox 141 and newer.',
    mac: 'On a Mac, Chrome or Edge 127 and newer have it, Firefox 145 and newer, and Safari 26 on macOS 26.',
    ios: 'On an iPhone or iPad, every browser has it from iOS or iPadOS 26 on: update the system in its settings.',
    android: 'On Android 12 and newer, Chrome or Edge 127 and newer have it.',
    linux:
      'On Linux, Chrome 127 and newer have it once “Unsafe WebGPU” and “Vulkan” are turned on under chrome://flags, and the newest on many devices without that.',
    chromeos: 'On a Chromebook, Chrome 127 and newer have it: update ChromeOS in its settings.',
    outdated: 'Update this browser: Chrome, Edge and their relatives have it from version 127 on.',
    inApp: 'Inside another app there often is none: choose “Open in browser” in the menu of this page.',
    insecure: 'Browsers offer it only to pages whose address begins with https://.',
    other: 'Chrome or Edge 127, Safari 26, Firefox 141 on Windows, and newer ones have it.',
  },
  memory: {
    heading: 'When a conversation outgrows the model’s memory',
    stop: 'Stop and tell me',
    drop_oldest: 'Forget the oldest messages',
  },
  errors: {
    UnsupportedError: 'This model or browser is not supported here. “Technical detail” below says why.',
    InvalidFileError:
      'This cannot be read as a model: it is cut off or damaged, or says something that cannot be right. “Technical detail” below says what. Check the file, or choose another one.',
    fileMissing: 'A file of this model is missing: {names}. Choose it together with the others.',
    filesMissing: '{count} files of this model are missing: {names}. Choose them together with the others.',
    ModelNotFoundError: 'No such model was found. Check the name or the link.',
    MissingTokenizerError:
      'This checkpoint came without its tokenizer, so it cannot read what you write. Import it again and choose tokenizer.json too.',
    MissingPictureError:
      'A picture of this conversation is no longer on this device. Edit the question and remove it, or begin a new chat.',
    otherVersion: 'This model was stored by another version of this app. Delete it and import it again.',
    ModelCorruptError:
      'A part of the stored copy of this model is damaged. Repairing fetches only that part again, then opens the model.',
    ModelInUseError:
      'This model is open, here or in another tab of this page. Open another one there, or close that tab, then try again.',
    SourceChangedError: 'The model has changed on the server meanwhile. Trying again starts from the beginning.',
    partMissing: 'A part of this page could not be fetched. Check the connection, then try again.',
    NetworkError:
      'The download did not get through. Check the connection, the link, or the source under “Download from”, then try again.',
    accessDenied:
      'The site gives this model only to people it knows. Ask for access on the model’s page, enter your access token under “Download from”, then start the download again.',
    StorageFullError:
      'There is not enough room on this device. Nothing that is stored is lost. Delete a model or free some space, then go on.',
    roomBefore:
      'This model needs {needed}, and {free} are left for this page. Delete a model or free some space, then go on.',
    roomMidway:
      'This device has no room left: {needed} more are needed. Nothing that is stored is lost. Free some space, then go on.',
    OutOfMemoryError:
      'This model needs more memory than is free. Close other tabs and programs, or let it keep less in mind, or choose a smaller one.',
    DeviceLostError:
      'The graphics device was lost; this happens after sleep or a driver reset. Reload the model to go on.',
    unknown: 'Something unexpected went wrong. Trying again may help.',
    startFailed: 'The engine could not be started. Reload the page; if that does not help, try another browser.',
    details: 'Technical detail',
  },
  actions: {
    retry: 'Try again',
    reloadModel: 'Reload the model and go on',
    removeModel: 'Delete the stored copy',
    repairModel: 'Repair and open',
    repairFiles: 'Choose its files and repair',
    freeSpace: 'Free some space',
    newChat: 'Start a new chat',
    reloadPage: 'Reload the page',
    dismiss: 'Dismiss',
  },
};
