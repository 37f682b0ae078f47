import { createContext } from 'svelte';
import type { BenchmarkRun } from '../benchmark/benchmarkRun.svelte';
import type { Conversation } from '../chat/conversation.svelte';
import type { Dictation } from '../dictation/dictation.svelte';
import type { EngineState } from '../engine/engine.svelte';
import type { ChatHistory } from '../history/history.svelte';
import type { LiveWatch } from '../live/liveWatch.svelte';
import type { OwnRoles } from '../roles/ownRoles.svelte';
import type { AppUpdate } from '../offline/appUpdate.svelte';
import type { CrashWatch } from '../support/crashWatch.svelte';
import type { Pictures } from '../pictures/pictures.svelte';
import type { Route } from './route.svelte';
import type { Sources } from '../sources/sources.svelte';
import type { Settings } from './settings.svelte';

/** What every component may ask for. App sets them, once. */
export const [getSettings, setSettings] = createContext<Settings>();
export const [getEngine, setEngine] = createContext<EngineState>();
export const [getConversation, setConversation] = createContext<Conversation>();
export const [getHistory, setHistory] = createContext<ChatHistory>();
export const [getOwnRoles, setOwnRoles] = createContext<OwnRoles>();
export const [getPictures, setPictures] = createContext<Pictures>();
export const [getRoute, setRoute] = createContext<Route>();
export const [getSources, setSources] = createContext<Sources>();
export const [getDictation, setDictation] = createContext<Dictation>();
export const [getAppUpdate, setAppUpdate] = createContext<AppUpdate>();
export const [getCrashWatch, setCrashWatch] = createContext<CrashWatch>();
export const [getBenchmark, setBenchmark] = createContext<BenchmarkRun>();
export const [getLiveWatch, setLiveWatch] = createContext<LiveWatch>();
