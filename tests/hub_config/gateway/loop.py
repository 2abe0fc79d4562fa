"""An event loop in a thread, so that tests stay plain functions while servers run beside them."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

T = TypeVar("T")


class Loop:
    """Runs coroutines and keeps contexts open until it is closed."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._open: list[AbstractAsyncContextManager[object]] = []

    def run(self, work: Coroutine[object, object, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def start(self, work: Coroutine[object, object, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def enter(self, context: AbstractAsyncContextManager[T]) -> T:
        entered = self.run(context.__aenter__())
        self._open.append(context)
        return entered

    def leave(self, context: AbstractAsyncContextManager[object]) -> None:
        self._open.remove(context)
        self.run(context.__aexit__(None, None, None))

    def close(self) -> None:
        for context in reversed(self._open):
            self.run(context.__aexit__(None, None, None))
        self.run(self._finish())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()

    async def _finish(self) -> None:
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await self._loop.shutdown_asyncgens()
