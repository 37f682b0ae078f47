import { createContext } from 'svelte';
import type { BenchmarkRun } from '../benchmark/benchmarkRun.svelte';
import type { Conversation } from '../chat/conversation.svelte';
import type { EngineState } from '../engine/engine.svelte';
import type { ChatHistory } from '../history/history.svelte';
import type { Pictures } from '../pictures/pictures.svelte';
import type { Route } from './route.svelte';
import type { Sources } from '../sources/sources.svelte';
import type { Settings } from './settings.svelte';

/** What every component may ask for. App sets them, once. */
export const [getSettings, setSettings] = createContext<Settings>();
export const [getEngine, setEngine] = createContext<EngineState>();
export const [getConversation, setConversation] = createContext<Conversation>();
export const [getHistory, setHistory] = createContext<ChatHistory>();
export const [getPictures, setPictures] = createContext<Pictures>();
export const [getRoute, setRoute] = createContext<Route>();
export const [getSources, setSources] = createContext<Sources>();
export const [getBenchmark, setBenchmark] = createContext<BenchmarkRun>();
