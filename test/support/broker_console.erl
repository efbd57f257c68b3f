%% What rabbitmqctl knows, without its second of start-up. serve/3 runs in a small hidden Erlang node that
%% reads one request a line from the tests; answer/1 is loaded into the broker and looks things up there, at
%% once and exactly: the management API samples every few seconds, and quorum queues publish their counters
%% late.
-module(broker_console).
-export([serve/3, answer/1]).

-define(ACTOR, <<"broker_console">>).

%% Answers until the tests close our input, which happens even when they are killed: the broker must not
%% outlive them.
serve(Broker, Beam, Directory) ->
    ok = io:setopts(standard_io, [binary, {encoding, latin1}]),
    loop(Broker, Beam, Directory, io:get_line('')).

loop(Broker, Beam, Directory, Line) when is_binary(Line) ->
    [Id, Rest] = binary:split(string:trim(Line), <<" ">>),
    [Timeout, Request] = binary:split(Rest, <<" ">>),
    spawn(fun() -> reply(Id, ask(Broker, Beam, Request, binary_to_integer(Timeout))) end),
    loop(Broker, Beam, Directory, io:get_line(''));
loop(_Broker, _Beam, Directory, _EndOfInput) ->
    os:cmd("for pid in " ++ Directory ++ "/*.pid; do kill -KILL $(cat $pid); done; rm -rf " ++ Directory),
    halt(0).

reply(Id, {Verdict, Text}) ->
    io:put_chars([Id, " ", Verdict, " ", base64:encode(Text), "\n"]).

ask(Broker, Beam, Request, Timeout) ->
    case rpc:call(Broker, ?MODULE, answer, [Request], Timeout) of
        {badrpc, {'EXIT', {undef, [{?MODULE, answer, _, _} | _]}}} ->
            {module, ?MODULE} = rpc:call(Broker, code, load_binary, [?MODULE, "broker_console", Beam]),
            ask(Broker, Beam, Request, Timeout);
        {badrpc, Reason} -> {"failed", text(Reason)};
        Answer -> Answer
    end.

%% Does what one request asks: a JSON object with the name of the action and its arguments.
answer(Request) ->
    #{<<"do">> := Action, <<"with">> := Arguments} = rabbit_json:decode(Request),
    try {"ok", rabbit_json:encode(#{result => do(Action, Arguments)})}
    catch Class:Reason:Stack -> {"failed", text({Class, Reason, Stack})}
    end.

do(<<"queues">>, [VHost]) ->
    [queue(Queue) || Queue <- rabbit_amqqueue:list(VHost)];
do(<<"queue">>, [VHost, Name]) ->
    case rabbit_amqqueue:lookup(rabbit_misc:r(VHost, queue, Name)) of
        {ok, Queue} -> queue(Queue);
        {error, not_found} -> null
    end;
do(<<"deleteQueue">>, [VHost, Name]) ->
    case rabbit_amqqueue:lookup(rabbit_misc:r(VHost, queue, Name)) of
        {ok, Queue} -> _ = rabbit_amqqueue:delete(Queue, false, false, ?ACTOR), true;
        {error, not_found} -> false
    end;
do(<<"purgeQueue">>, [VHost, Name]) ->
    {ok, Queue} = rabbit_amqqueue:lookup(rabbit_misc:r(VHost, queue, Name)),
    {ok, Count} = rabbit_amqqueue:purge(Queue),
    Count;
do(<<"exchanges">>, [VHost]) ->
    Keys = [name, type, durable, auto_delete, internal, arguments],
    [described(Info) || Info <- rabbit_exchange:info_all(VHost, Keys)];
do(<<"deleteExchange">>, [VHost, Name]) ->
    Exchange = rabbit_misc:r(VHost, exchange, Name),
    case erlang:function_exported(rabbit_exchange, ensure_deleted, 3) of
        true -> rabbit_exchange:ensure_deleted(Exchange, false, ?ACTOR) =:= ok;
        false -> rabbit_exchange:delete(Exchange, false, ?ACTOR) =:= ok
    end;
do(<<"bindings">>, [VHost]) ->
    Keys = [source_name, destination_name, destination_kind, routing_key, arguments],
    [described(Info) || Info <- rabbit_binding:info_all(VHost, Keys)];
do(<<"connections">>, []) ->
    Keys = [pid, user, vhost, channels, state, client_properties],
    All = [maps:from_list(Info) || Info <- rabbit_networking:connection_info_all(Keys), Info =/= []],
    %% Somebody who has only opened a socket has no properties yet, nor a user.
    [connection(Info) || #{client_properties := Properties} = Info <- All, is_list(Properties)];
do(<<"closeConnections">>, [Pids, Reason]) ->
    [rabbit_networking:close_connection(pid(Pid), Reason) || Pid <- Pids],
    null;
do(<<"channels">>, []) ->
    Keys = [pid, connection, number, user, vhost, prefetch_count, consumer_count, messages_unacknowledged,
            messages_unconfirmed, confirm],
    [described(Info) || Info <- rabbit_channel:info_all(Keys), Info =/= []];
do(<<"consumers">>, [VHost]) ->
    Keys = [queue_name, channel_pid, consumer_tag, ack_required, prefetch_count, arguments],
    [described([Item || {Key, _} = Item <- Info, lists:member(Key, Keys)])
     || Info <- rabbit_amqqueue:consumers_all(VHost)];
do(<<"vhosts">>, []) ->
    rabbit_vhost:list_names();
do(<<"addVhost">>, [VHost]) ->
    done(rabbit_vhost:add(VHost, ?ACTOR));
do(<<"deleteVhost">>, [VHost]) ->
    done(rabbit_vhost:delete(VHost, ?ACTOR));
do(<<"limitConnections">>, [VHost, Most]) ->
    done(rabbit_vhost_limit:set(VHost, [{<<"max-connections">>, Most}], ?ACTOR));
do(<<"addUser">>, [User, Password]) ->
    done(rabbit_auth_backend_internal:add_user(User, Password, ?ACTOR));
do(<<"changePassword">>, [User, Password]) ->
    done(rabbit_auth_backend_internal:change_password(User, Password, ?ACTOR));
do(<<"deleteUser">>, [User]) ->
    done(rabbit_auth_backend_internal:delete_user(User, ?ACTOR));
do(<<"setPermissions">>, [User, VHost, Configure, Write, Read]) ->
    done(rabbit_auth_backend_internal:set_permissions(User, VHost, Configure, Write, Read, ?ACTOR));
do(<<"clearPermissions">>, [User, VHost]) ->
    done(rabbit_auth_backend_internal:clear_permissions(User, VHost, ?ACTOR));
do(<<"setMemoryWatermark">>, [Fraction]) ->
    done(vm_memory_monitor:set_vm_memory_high_watermark(Fraction));
do(<<"setEnv">>, [Name, Value]) ->
    done(application:set_env(rabbit, binary_to_atom(Name), Value));
do(<<"alarms">>, []) ->
    [text(Alarm) || {Alarm, _} <- rabbit_alarm:get_alarms()];
do(<<"syncTables">>, []) ->
    lists:foreach(fun dets:sync/1, dets:all()),
    null.

queue(Queue) ->
    {resource, _, queue, Name} = amqqueue:get_name(Queue),
    {Ready, Unacked, Consumers} = counts(Queue, amqqueue:is_quorum(Queue)),
    #{name => Name, type => type(Queue), ready => Ready, unacked => Unacked, consumers => Consumers,
      arguments => table(amqqueue:get_arguments(Queue))}.

type(Queue) ->
    case amqqueue:is_quorum(Queue) of
        true -> quorum;
        false -> case amqqueue:is_classic(Queue) of true -> classic; false -> stream end
    end.

%% A quorum queue's info is what it last wrote into a table, up to five seconds old: ask the state machine
%% itself.
counts(Queue, true) ->
    quorum_counts(amqqueue:get_pid(Queue), 20);
counts(Queue, false) ->
    Info = rabbit_amqqueue:info(Queue, [messages_ready, messages_unacknowledged, consumers]),
    {proplists:get_value(messages_ready, Info), proplists:get_value(messages_unacknowledged, Info),
     proplists:get_value(consumers, Info)}.

%% Just after a restart the question is lost while the queue elects its leader: ask again.
quorum_counts(Leader, Attempts) ->
    Query = fun(State) ->
        {rabbit_fifo:query_messages_ready(State), rabbit_fifo:query_messages_checked_out(State),
         rabbit_fifo:query_consumer_count(State)}
    end,
    case ra:leader_query(Leader, Query, 250) of
        {ok, {_, Counts}, _} -> Counts;
        _NoLeader when Attempts > 1 -> quorum_counts(Leader, Attempts - 1)
    end.

connection(#{client_properties := Properties} = Info) ->
    Client = table(Properties),
    Told = maps:map(fun(_, Value) -> plain(Value) end, maps:remove(client_properties, Info)),
    Told#{name => maps:get(<<"connection_name">>, Client, null), client => Client}.

described(Info) ->
    maps:from_list([{Key, described(Key, Value)} || {Key, Value} <- Info]).

described(arguments, Table) -> table(Table);
described(_Key, Value) -> plain(Value).

table(Table) ->
    maps:from_list([{Key, field(Type, Value)} || {Key, Type, Value} <- Table]).

field(table, Table) -> table(Table);
field(array, Items) -> [field(Type, Value) || {Type, Value} <- Items];
field(_Type, Value) -> plain(Value).

plain({resource, _VHost, _Kind, Name}) -> Name;
plain(Pid) when is_pid(Pid) -> list_to_binary(pid_to_list(Pid));
plain(undefined) -> null;
plain(Value) when is_atom(Value); is_number(Value); is_binary(Value) -> Value;
plain(Value) -> text(Value).

pid(Text) -> list_to_pid(binary_to_list(Text)).

done({error, Reason}) -> error(Reason);
done(_) -> null.

text(Term) -> unicode:characters_to_binary(io_lib:format("~0tp", [Term])).
