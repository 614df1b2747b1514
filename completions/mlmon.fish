# Completes mlmon in fish. Written by `mlmon completion fish`; commands and options are in here, and only the names
# of services, collections, workspaces and queries are asked of mlmon, which reads them from local files.
# No word is ever evaluated: names are data, and fish quotes what it inserts.

# The options and arguments of a command, or of mlmon itself for ''.
function __mlmon_grammar --no-scope-shadowing
    set options
    set arguments
    switch $argv[1]
        case ''
            set -a options '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
            set -a options '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
            set -a options '--quiet,-q flag once No notes and no progress'
            set -a options '--debug flag once Say on stderr what is being done'
            set -a options '--no-color flag once No colour'
            set -a options '--tenant text once The tenant to sign in to, for people with several'
            set -a options '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
            set -a options '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
            set -a options '--timeout text once How long one answer or operation is waited for (90s, 10m)'
            set -a options '--version flag once Print the version'
            set -a options '--help,-h flag once Show this message and exit'
            set -a commands 'demo Make an embedded workspace with real services and history, and walk through the main job'
            set -a commands 'init Connect this folder to a workspace; writes mlmon.toml'
            set -a commands 'use Choose the default service of this folder'
            set -a commands 'status Show services: their switches, newest collected data, and requests of the last day'
            set -a commands 'serve Serve a scoring script on this machine, as Azure ML would'
            set -a commands 'invoke Send rows to a service and print its answer'
            set -a commands 'enable-collection Collect the model data of a service'
            set -a commands 'disable-collection Stop collecting the model data of a service; what was collected stays'
            set -a commands 'enable-insights Send requests, traces and exceptions of a service to Application Insights'
            set -a commands 'disable-insights Stop sending telemetry of a service to Application Insights; what was sent stays'
            set -a commands 'logs Show the last records of a service\'s container log, and with -f what comes after'
            set -a commands 'traces Show what a service traced: the lines its script printed, newest first'
            set -a commands 'query Run any KQL query over the workspace\'s telemetry'
            set -a commands 'metrics Show requests, latency, failures, calls to others and exceptions of a service over time'
            set -a commands 'request Tell the whole story of one request: its row, traces, calls to others, exceptions, log, inputs and predictions'
            set -a commands 'open Open the Azure portal\'s page of a service, or of the workspace where no service is named or set'
            set -a commands 'ls List collected blobs of a date range'
            set -a commands 'pull Download collected blobs of a date range, byte for byte, under their own paths'
            set -a commands 'dataset Join what a service was given with what it answered, one row for each row that was scored'
            set -a commands 'handoff Print a query or a notebook cell that reads exactly these collected blobs where they stand'
            set -a commands 'drift Tell whether a service is still given what its model was trained on'
            set -a commands 'drift-explain Show how a feature is distributed in baseline and target, and the records that moved it'
            set -a commands 'drift-calibrate Propose a threshold for each feature: what chance alone hardly ever makes of it'
            set -a commands 'drift-schedule Print a file with which another tool checks for drift regularly'
            set -a commands 'diff Compare two files column by column: what came, went or changed its type, and by how much values changed'
            set -a commands 'completion Print the script that lets a shell complete mlmon\'s commands, options, services and collections'
        case 'demo'
            set -a options '--force flag once Make a demo that is there anew; everything in its folder is replaced'
            set -a options '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
            set -a options '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
            set -a options '--quiet,-q flag once No notes and no progress'
            set -a options '--debug flag once Say on stderr what is being done'
            set -a options '--no-color flag once No colour'
            set -a options '--tenant text once The tenant to sign in to, for people with several'
            set -a options '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
            set -a options '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
            set -a options '--timeout text once How long one answer or operation is waited for (90s, 10m)'
            set -a options '--help,-h flag once Show this message and exit'
            set -a arguments 'folders once'
        case 'init'
            set -a options '--local folders once An embedded workspace in this folder, made when it is not there'
            set -a options '--config files once Azure ML\'s own config.json, which names one'
            set -a options '--subscription text once The subscription of the workspace'
            set -a options '--resource-group text once Its resource group'
            set -a options '--name text once Its name'
            set -a options '--check flag once Only say for each plane whether this identity may read it'
            set -a options '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
            set -a options '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
            set -a options '--quiet,-q flag once No notes and no progress'
            set -a options '--debug flag once Say on stderr what is being done'
            set -a options '--no-color flag once No colour'
            set -a options '--tenant text once The tenant to sign in to, for people with several'
            set -a options '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
            set -a options '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
            set -a options '--timeout text once How long one answer or operation is waited for (90s, 10m)'
            set -a options '--help,-h flag once Show this message and exit'
        case 'use'
            set -a options '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
            set -a options '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
            set -a options '--quiet,-q flag once No notes and no progress'
            set -a options '--debug flag once Say on stderr what is being done'
            set -a options '--no-color flag once No colour'
            set -a options '--tenant text once The tenant to sign in to, for people with several'
            set -a options '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
            set -a options '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
            set -a options '--timeout text once How long one answer or operation is waited for (90s, 10m)'
            set -a options '--help,-h flag once Show this message and exit'
            set -a arguments 'services once'
        case 'status'
            set -a options '--settings flag once Show each setting and where its value came from, and nothing else'
            set -a options '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
            set -a options '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
            set -a options '--quiet,-q flag once No notes and no progress'
            set -a options '--debug flag once Say on stderr what is being done'
            set -a options '--no-color flag once No colour'
            set -a options '--tenant text once The tenant to sign in to, for people with several'
            set -a options '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
            set -a options '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
            set -a options '--timeout text once How long one answer or operation is waited for (90s, 10m)'
            set -a options '--help,-h flag once Show this message and exit'
            set -a arguments 'services many'
        case 'serve'
            set -a options '--name text once Its service name: NAME, or ENDPOINT/DEPLOYMENT'
            set -a options '--kind =v1,v2 once v1 web service or v2 deployment'
            set -a options '--model files once The model file or folder'
            set -a options '--port text once Port on 127.0.0.1; 0 takes any free one'
            set -a options '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
            set -a options '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
            set -a options '--quiet,-q flag once No notes and no progress'
            set -a options '--debug flag once Say on stderr what is being done'
            set -a options '--no-color flag once No colour'
            set -a options '--tenant text once The tenant to sign in to, for people with several'
            set -a options '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
            set -a options '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
            set -a options '--timeout text once How long one answer or operation is waited for (90s, 10m)'
            set -a options '--help,-h flag once Show this message and exit'
            set -a arguments 'files once'
        case 'invoke'
            set -a options '--data files once JSON to send, like {"data": [[...], ...]}; - reads stdin'
            set -a options '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
            set -a options '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
            set -a options '--quiet,-q flag once No notes and no progress'
            set -a options '--debug flag once Say on stderr what is being done'
            set -a options '--no-color flag once No colour'
            set -a options '--tenant text once The tenant to sign in to, for people with several'
            set -a options '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
            set -a options '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
            set -a options '--timeout text once How long one answer or operation is waited for (90s, 10m)'
            set -a options '--help,-h flag once Show this message and exit'
            set -a arguments 'services once'
        case 'enable-collection'
            set -a options '--collection collections many Only this collection or designation; repeatable'
            set -a options '--sampling-rate text once Share of requests to collect, from 0 to 1 (v2)'
            set -a options '--all flag once Every service of the workspace; one that can never do it is skipped'
            set -a options '--dry-run flag once Show what would change and change nothing'
            set -a options '--yes,-y flag once Change without asking'
            set -a options '--no-wait flag once Begin the change and do not wait until it is done; mlmon status shows that'
            set -a options '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
            set -a options '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
            set -a options '--quiet,-q flag once No notes and no progress'
            set -a options '--debug flag once Say on stderr what is being done'
            set -a options '--no-color flag once No colour'
            set -a options '--tenant text once The tenant to sign in to, for people with several'
            set -a options '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
            set -a options '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
            set -a options '--timeout text once How long one answer or operation is waited for (90s, 10m)'
            set -a options '--help,-h flag once Show this message and exit'
            set -a arguments 'services once'
        case 'disable-collection'
            set -a options '--collection collections many Only this collection or designation; repeatable'
            set -a options '--all flag once Every service of the workspace; one that can never do it is skipped'
            set -a options '--dry-run flag once Show what would change and change nothing'
            set -a options '--yes,-y flag once Change without asking'
            set -a options '--no-wait flag once Begin the change and do not wait until it is done; mlmon status shows that'
            set -a options '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
            set -a options '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
            set -a options '--quiet,-q flag once No notes and no progress'
            set -a options '--debug flag once Say on stderr what is being done'
            set -a options '--no-color flag once No colour'
            set -a options '--tenant text once The tenant to sign in to, for people with several'
            set -a options '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
            set -a options '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
            set -a options '--timeout text once How long one answer or operation is waited for (90s, 10m)'
            set -a options '--help,-h flag once Show this message and exit'
            set -a arguments 'services once'
        case 'enable-insights'
            set -a options '--all flag once Every service of the workspace; one that can never do it is skipped'
            set -a options '--dry-run flag once Show what would change and change nothing'
            set -a options '--yes,-y flag once Change without asking'
            set -a options '--no-wait flag once Begin the change and do not wait until it is done; mlmon status shows that'
            set -a options '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
            set -a options '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
            set -a options '--quiet,-q flag once No notes and no progress'
            set -a options '--debug flag once Say on stderr what is being done'
            set -a options '--no-color flag once No colour'
            set -a options '--tenant text once The tenant to sign in to, for people with several'
            set -a options '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
            set -a options '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
            set -a options '--timeout text once How long one answer or operation is waited for (90s, 10m)'
            set -a options '--help,-h flag once Show this message and exit'
            set -a arguments 'services once'
        case 'disable-insights'
            set -a options '--all flag once Every service of the workspace; one that can never do it is skipped'
            set -a options '--dry-run flag once Show what would change and change nothing'
            set -a options '--yes,-y flag once Change without asking'
            set -a options '--no-wait flag once Begin the change and do not wait until it is done; mlmon status shows that'
            set -a options '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
            set -a options '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
            set -a options '--quiet,-q flag once No notes and no progress'
            set -a options '--debug flag once Say on stderr what is being done'
            set -a options '--no-color flag once No colour'
            set -a options '--tenant text once The tenant to sign in to, for people with several'
            set -a options '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
            set -a options '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
            set -a options '--timeout text once How long one answer or operation is waited for (90s, 10m)'
            set -a options '--help,-h flag once Show this message and exit'
            set -a arguments 'services once'
        case 'logs'
            set -a options '--all flag once The logs of all services'
            set -a options '--tail,-n text once The last N records of each service'
            set -a options '--follow,-f flag once Then show what comes, until Ctrl-C or for as long as --for says'
            set -a options '--for text once With -f: end after this time (90s, 10m, 8h)'
            set -a options '--from,--since text once Start, included: a date, a time, today, yesterday, or a duration ago (90s, 5h30m, 7d)'
            set -a options '--to,--until text once End, not included; written like --from'
            set -a options '--level =debug,info,warning,error,critical once Only records of this level and above'
            set -a options '--include,-i text many Only records this regular expression finds; repeatable'
            set -a options '--exclude,-e text many No records this regular expression finds; repeatable'
            set -a options '--highlight,-H text many Mark what this finds, where there is colour; repeatable'
            set -a options '--container text once Another container\'s log'
            set -a options '--raw flag once The lines as they are, with what would act on a terminal: each one by itself, -n counts lines, and no service\'s name stands before them'
            set -a options '--replay flag once The arguments are files: snapshots of one log, saved one after the other; -f would show this'
            set -a options '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
            set -a options '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
            set -a options '--quiet,-q flag once No notes and no progress'
            set -a options '--debug flag once Say on stderr what is being done'
            set -a options '--no-color flag once No colour'
            set -a options '--tenant text once The tenant to sign in to, for people with several'
            set -a options '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
            set -a options '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
            set -a options '--timeout text once How long one answer or operation is waited for (90s, 10m)'
            set -a options '--help,-h flag once Show this message and exit'
            set -a arguments 'services many'
        case 'traces'
            set -a options '--where text many Only traces whose message or payload contains TEXT; repeatable'
            set -a options '--filter text many Only traces of which this is true: = != ~ (a regular expression) < <= > >= of a column, of message (what was printed) or of a path: customDimensions."Request Id", message.input.0; repeatable'
            set -a options '--failed flag once Only errors, and traces of failed requests as far as they are tied to them'
            set -a options '--from,--since text once Start, included: a date, a time, today, yesterday, or a duration ago (90s, 5h30m, 7d)'
            set -a options '--to,--until text once End, not included; written like --from'
            set -a options '--limit,-n text once The newest N'
            set -a options '--show text once One trace in full, by the id that its row has; no service is needed'
            set -a options '--kql text once KQL to append'
            set -a options '--scope =component,workspace once Where the query runs on Azure: component has the classic tables, workspace the App... ones'
            set -a options '--as-stored flag once The rows as they are stored: nothing corrected, nothing marked'
            set -a options '--raw flag once The lines as they are, what would act on a terminal included'
            set -a options '--print-kql flag once Print the query instead of running it'
            set -a options '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
            set -a options '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
            set -a options '--quiet,-q flag once No notes and no progress'
            set -a options '--debug flag once Say on stderr what is being done'
            set -a options '--no-color flag once No colour'
            set -a options '--tenant text once The tenant to sign in to, for people with several'
            set -a options '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
            set -a options '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
            set -a options '--timeout text once How long one answer or operation is waited for (90s, 10m)'
            set -a options '--help,-h flag once Show this message and exit'
            set -a arguments 'services once'
        case 'query'
            set -a options '--file,-f files once Read the query from a file; - is stdin'
            set -a options '--var text many Give the query a value by name, as a literal: a number, true, 7d, an ISO date, else text; in double quotes always text'
            set -a options '--from,--since text once Start, included: a date, a time, today, yesterday, or a duration ago (90s, 5h30m, 7d)'
            set -a options '--to,--until text once End, not included; written like --from'
            set -a options '--scope =component,workspace once Where the query runs on Azure: component has the classic tables, workspace the App... ones'
            set -a options '--print-kql flag once Print the query instead of running it'
            set -a options '--saved queries once Run a saved query, or one of mlmon\'s'
            set -a options '--save text once Save the query in queries/NAME.kql beside mlmon.toml instead of running it'
            set -a options '--list flag once Show the saved queries and mlmon\'s own'
            set -a options '--delete queries once Delete a saved query'
            set -a options '--yes,-y flag once Change without asking'
            set -a options '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
            set -a options '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
            set -a options '--quiet,-q flag once No notes and no progress'
            set -a options '--debug flag once Say on stderr what is being done'
            set -a options '--no-color flag once No colour'
            set -a options '--tenant text once The tenant to sign in to, for people with several'
            set -a options '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
            set -a options '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
            set -a options '--timeout text once How long one answer or operation is waited for (90s, 10m)'
            set -a options '--help,-h flag once Show this message and exit'
            set -a arguments 'text once'
        case 'metrics'
            set -a options '--from,--since text once Start, included: a date, a time, today, yesterday, or a duration ago (90s, 5h30m, 7d)'
            set -a options '--to,--until text once End, not included; written like --from'
            set -a options '--every text once Length of an interval (30s, 5m, 1h)'
            set -a options '--by =time,exception once Rows by time, or a row for each type of exception'
            set -a options '--scope =component,workspace once Where the query runs on Azure: component has the classic tables, workspace the App... ones'
            set -a options '--watch flag once Ask again and draw in place until Ctrl-C'
            set -a options '--interval text once How often --watch asks'
            set -a options '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
            set -a options '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
            set -a options '--quiet,-q flag once No notes and no progress'
            set -a options '--debug flag once Say on stderr what is being done'
            set -a options '--no-color flag once No colour'
            set -a options '--tenant text once The tenant to sign in to, for people with several'
            set -a options '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
            set -a options '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
            set -a options '--timeout text once How long one answer or operation is waited for (90s, 10m)'
            set -a options '--help,-h flag once Show this message and exit'
            set -a arguments 'services once'
        case 'request'
            set -a options '--day text once One UTC day: 2026-03-01, today, yesterday'
            set -a options '--from,--since text once Start, included: a date, a time, today, yesterday, or a duration ago (90s, 5h30m, 7d)'
            set -a options '--to,--until text once End, not included; written like --from'
            set -a options '--scope =component,workspace once Where the query runs on Azure: component has the classic tables, workspace the App... ones'
            set -a options '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
            set -a options '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
            set -a options '--quiet,-q flag once No notes and no progress'
            set -a options '--debug flag once Say on stderr what is being done'
            set -a options '--no-color flag once No colour'
            set -a options '--tenant text once The tenant to sign in to, for people with several'
            set -a options '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
            set -a options '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
            set -a options '--timeout text once How long one answer or operation is waited for (90s, 10m)'
            set -a options '--help,-h flag once Show this message and exit'
            set -a arguments 'text once'
            set -a arguments 'services once'
        case 'open'
            set -a options '--insights flag once The Application Insights component'
            set -a options '--studio flag once Azure ML studio'
            set -a options '--storage flag once The storage account; of an embedded workspace, its folder'
            set -a options '--print flag once Print the address, and open nothing'
            set -a options '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
            set -a options '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
            set -a options '--quiet,-q flag once No notes and no progress'
            set -a options '--debug flag once Say on stderr what is being done'
            set -a options '--no-color flag once No colour'
            set -a options '--tenant text once The tenant to sign in to, for people with several'
            set -a options '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
            set -a options '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
            set -a options '--timeout text once How long one answer or operation is waited for (90s, 10m)'
            set -a options '--help,-h flag once Show this message and exit'
            set -a arguments 'services once'
        case 'ls'
            set -a options '--month =1,2,3,4,5,6,7,8,9,10,11,12 once A month: 3 (the latest March that has begun) or 2026-03'
            set -a options '--day text once One UTC day: 2026-03-01, today, yesterday'
            set -a options '--from,--since text once Start, included: a date, a time, today, yesterday, or a duration ago (90s, 5h30m, 7d)'
            set -a options '--to,--until text once End, not included; written like --from'
            set -a options '--collection collections many Only this collection or designation; repeatable'
            set -a options '--model text once Only this model (v1)'
            set -a options '--model-version text once Only this version (v1)'
            set -a options '--by =day,month,collection once Counts and bytes of each day, month or collection instead of every blob'
            set -a options '--du flag once Counts and bytes of the service and of each model, version and collection'
            set -a options '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
            set -a options '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
            set -a options '--quiet,-q flag once No notes and no progress'
            set -a options '--debug flag once Say on stderr what is being done'
            set -a options '--no-color flag once No colour'
            set -a options '--tenant text once The tenant to sign in to, for people with several'
            set -a options '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
            set -a options '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
            set -a options '--timeout text once How long one answer or operation is waited for (90s, 10m)'
            set -a options '--help,-h flag once Show this message and exit'
            set -a arguments 'services once'
        case 'pull'
            set -a options '--month =1,2,3,4,5,6,7,8,9,10,11,12 once A month: 3 (the latest March that has begun) or 2026-03'
            set -a options '--day text once One UTC day: 2026-03-01, today, yesterday'
            set -a options '--from,--since text once Start, included: a date, a time, today, yesterday, or a duration ago (90s, 5h30m, 7d)'
            set -a options '--to,--until text once End, not included; written like --from'
            set -a options '--collection collections many Only this collection or designation; repeatable'
            set -a options '--model text once Only this model (v1)'
            set -a options '--model-version text once Only this version (v1)'
            set -a options '--to-dir folders once Where to; made when it is not there'
            set -a options '--overwrite =changed,always,never once Which files that are there are fetched again'
            set -a options '--delete-missing flag once Delete files of this selection that pull wrote and whose blobs are gone'
            set -a options '--max-bytes text once Fetch nothing when there is more than this to fetch: 500MB, 2GB'
            set -a options '--parallel text once How many requests are made at once'
            set -a options '--cap-mbps text once Take no more of the network: megabits a second'
            set -a options '--dry-run flag once Show what would be fetched and deleted, and do neither'
            set -a options '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
            set -a options '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
            set -a options '--quiet,-q flag once No notes and no progress'
            set -a options '--debug flag once Say on stderr what is being done'
            set -a options '--no-color flag once No colour'
            set -a options '--tenant text once The tenant to sign in to, for people with several'
            set -a options '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
            set -a options '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
            set -a options '--timeout text once How long one answer or operation is waited for (90s, 10m)'
            set -a options '--help,-h flag once Show this message and exit'
            set -a arguments 'services once'
        case 'dataset'
            set -a options '--month =1,2,3,4,5,6,7,8,9,10,11,12 once A month: 3 (the latest March that has begun) or 2026-03'
            set -a options '--day text once One UTC day: 2026-03-01, today, yesterday'
            set -a options '--from,--since text once Start, included: a date, a time, today, yesterday, or a duration ago (90s, 5h30m, 7d)'
            set -a options '--to,--until text once End, not included; written like --from'
            set -a options '--collection collections many Only this collection or designation; repeatable'
            set -a options '--model text once Only this model (v1)'
            set -a options '--model-version text once Only this version (v1)'
            set -a options '--with files once Join a csv, parquet or jsonl file of labels; see --on'
            set -a options '--on text once The column that the dataset and the file share'
            set -a options '--matched-only flag once Leave out rows without a partner in every collection, or without a label'
            set -a options '--sort text many Sort by this, falling with a - before it'
            set -a options '--datetime text many This column holds times: milliseconds since 1970, or text'
            set -a options '--partition =day once A file for each day in --to-dir: DIR/day=2026-03-01/rows.parquet, or -o csv, -o jsonl'
            set -a options '--to-dir folders once Where the files of --partition go; those of the same days are replaced'
            set -a options '--for-spreadsheet flag once csv whose times, long numbers and digits like 007 a spreadsheet reads as they are'
            set -a options '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
            set -a options '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
            set -a options '--quiet,-q flag once No notes and no progress'
            set -a options '--debug flag once Say on stderr what is being done'
            set -a options '--no-color flag once No colour'
            set -a options '--tenant text once The tenant to sign in to, for people with several'
            set -a options '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
            set -a options '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
            set -a options '--timeout text once How long one answer or operation is waited for (90s, 10m)'
            set -a options '--help,-h flag once Show this message and exit'
            set -a arguments 'services once'
        case 'handoff'
            set -a options '--month =1,2,3,4,5,6,7,8,9,10,11,12 once A month: 3 (the latest March that has begun) or 2026-03'
            set -a options '--day text once One UTC day: 2026-03-01, today, yesterday'
            set -a options '--from,--since text once Start, included: a date, a time, today, yesterday, or a duration ago (90s, 5h30m, 7d)'
            set -a options '--to,--until text once End, not included; written like --from'
            set -a options '--collection collections many Only this collection or designation; repeatable'
            set -a options '--model text once Only this model (v1)'
            set -a options '--model-version text once Only this version (v1)'
            set -a options '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
            set -a options '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
            set -a options '--quiet,-q flag once No notes and no progress'
            set -a options '--debug flag once Say on stderr what is being done'
            set -a options '--no-color flag once No colour'
            set -a options '--tenant text once The tenant to sign in to, for people with several'
            set -a options '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
            set -a options '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
            set -a options '--timeout text once How long one answer or operation is waited for (90s, 10m)'
            set -a options '--help,-h flag once Show this message and exit'
            set -a arguments '=powerbi,databricks,duckdb,pandas once'
            set -a arguments 'services once'
        case 'drift'
            set -a options '--baseline files once What to compare with: a csv, parquet or jsonl file, or a data asset azureml:NAME:VERSION'
            set -a options '--baseline-range text once Or an earlier range of the service itself: 2026-01, 2026-01-15, or 2026-01-15..2026-02-01'
            set -a options '--target files once Compare this file instead of what a service collected'
            set -a options '--month =1,2,3,4,5,6,7,8,9,10,11,12 once A month: 3 (the latest March that has begun) or 2026-03'
            set -a options '--day text once One UTC day: 2026-03-01, today, yesterday'
            set -a options '--from,--since text once Start, included: a date, a time, today, yesterday, or a duration ago (90s, 5h30m, 7d)'
            set -a options '--to,--until text once End, not included; written like --from'
            set -a options '--by =day,week,month once Each of these besides all'
            set -a options '--on =inputs,predictions once What the model was given, or what it answered'
            set -a options '--features text many Only these; repeatable'
            set -a options '--exclude text many All but these; repeatable'
            set -a options '--label text once The baseline\'s column that the model is not given'
            set -a options '--number text many These are numbers'
            set -a options '--category text many These are categories'
            set -a options '--threshold text many The effect above which a difference matters: 0.1, or age=0.2 for one feature; repeatable'
            set -a options '--compat =azure-v1,azure-v2 once Compute the figures as Azure\'s own monitors do, faults included'
            set -a options '--html files once Write a page that opens offline'
            set -a options '--fail-on-drift flag once Exit with 3 when there is drift'
            set -a options '--fail-on-no-data flag once Exit with 5 when there are no data, or stale ones'
            set -a options '--since-last flag once The days that have ended since the last such run; at first the last seven'
            set -a options '--stale-after text once Call the data stale when its newest row is so much older than the end of the range'
            set -a options '--engine =spark,azureml once Summarize collected data by Spark, one\'s own or a job on Azure\'s: for tens of GB a day'
            set -a options '--master text once Where Spark runs: local[2], spark://HOST:PORT, yarn'
            set -a options '--instance-type text once The machines of a job: standard_e4s_v3 (the default) to standard_e64s_v3'
            set -a options '--job text once Submit none: wait for this job, and bring home what it made'
            set -a options '--write-job text once Submit none: write the job and its code there, to be read, or for az ml job create'
            set -a options '--alert =webhook,slack,teams,smtp many Tell people when the verdict changes; repeatable'
            set -a options '--alert-dry-run flag once Show what --alert would send, and send nothing'
            set -a options '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
            set -a options '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
            set -a options '--quiet,-q flag once No notes and no progress'
            set -a options '--debug flag once Say on stderr what is being done'
            set -a options '--no-color flag once No colour'
            set -a options '--tenant text once The tenant to sign in to, for people with several'
            set -a options '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
            set -a options '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
            set -a options '--timeout text once How long one answer or operation is waited for (90s, 10m)'
            set -a options '--help,-h flag once Show this message and exit'
            set -a arguments 'services once'
        case 'drift-explain'
            set -a options '--baseline files once What to compare with: a csv, parquet or jsonl file, or a data asset azureml:NAME:VERSION'
            set -a options '--baseline-range text once Or an earlier range of the service itself: 2026-01, 2026-01-15, or 2026-01-15..2026-02-01'
            set -a options '--target files once Compare this file instead of what a service collected'
            set -a options '--month =1,2,3,4,5,6,7,8,9,10,11,12 once A month: 3 (the latest March that has begun) or 2026-03'
            set -a options '--day text once One UTC day: 2026-03-01, today, yesterday'
            set -a options '--from,--since text once Start, included: a date, a time, today, yesterday, or a duration ago (90s, 5h30m, 7d)'
            set -a options '--to,--until text once End, not included; written like --from'
            set -a options '--on =inputs,predictions once What the model was given, or what it answered'
            set -a options '--number text many These are numbers'
            set -a options '--category text many These are categories'
            set -a options '--rows text once So many records'
            set -a options '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
            set -a options '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
            set -a options '--quiet,-q flag once No notes and no progress'
            set -a options '--debug flag once Say on stderr what is being done'
            set -a options '--no-color flag once No colour'
            set -a options '--tenant text once The tenant to sign in to, for people with several'
            set -a options '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
            set -a options '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
            set -a options '--timeout text once How long one answer or operation is waited for (90s, 10m)'
            set -a options '--help,-h flag once Show this message and exit'
            set -a arguments 'text once'
            set -a arguments 'services once'
        case 'drift-calibrate'
            set -a options '--baseline files once What to compare with: a csv, parquet or jsonl file, or a data asset azureml:NAME:VERSION'
            set -a options '--baseline-range text once Or an earlier range of the service itself: 2026-01, 2026-01-15, or 2026-01-15..2026-02-01'
            set -a options '--on =inputs,predictions once What the model was given, or what it answered'
            set -a options '--features text many Only these; repeatable'
            set -a options '--exclude text many All but these; repeatable'
            set -a options '--label text once The baseline\'s column that the model is not given'
            set -a options '--number text many These are numbers'
            set -a options '--category text many These are categories'
            set -a options '--rows text once So many rows a check will look at'
            set -a options '--runs text once One false alarm in so many checks is allowed'
            set -a options '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
            set -a options '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
            set -a options '--quiet,-q flag once No notes and no progress'
            set -a options '--debug flag once Say on stderr what is being done'
            set -a options '--no-color flag once No colour'
            set -a options '--tenant text once The tenant to sign in to, for people with several'
            set -a options '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
            set -a options '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
            set -a options '--timeout text once How long one answer or operation is waited for (90s, 10m)'
            set -a options '--help,-h flag once Show this message and exit'
            set -a arguments 'services once'
        case 'drift-schedule'
            set -a options '--baseline files once As mlmon drift takes it: a file, or azureml:NAME:VERSION'
            set -a options '--every =day,week,hour once How often'
            set -a options '--at text once When: in this machine\'s time for cron and systemd, else UTC'
            set -a options '--alert =webhook,slack,teams,smtp many Tell people when the verdict changes; repeatable'
            set -a options '--threshold text many As mlmon drift takes it; repeatable'
            set -a options '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
            set -a options '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
            set -a options '--quiet,-q flag once No notes and no progress'
            set -a options '--debug flag once Say on stderr what is being done'
            set -a options '--no-color flag once No colour'
            set -a options '--tenant text once The tenant to sign in to, for people with several'
            set -a options '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
            set -a options '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
            set -a options '--timeout text once How long one answer or operation is waited for (90s, 10m)'
            set -a options '--help,-h flag once Show this message and exit'
            set -a arguments '=cron,systemd,github,azure-devops once'
            set -a arguments 'services once'
        case 'diff'
            set -a options '--number text many This column holds numbers, whatever it looks like'
            set -a options '--category text many This column holds categories, although they are numbers'
            set -a options '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
            set -a options '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
            set -a options '--quiet,-q flag once No notes and no progress'
            set -a options '--debug flag once Say on stderr what is being done'
            set -a options '--no-color flag once No colour'
            set -a options '--tenant text once The tenant to sign in to, for people with several'
            set -a options '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
            set -a options '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
            set -a options '--timeout text once How long one answer or operation is waited for (90s, 10m)'
            set -a options '--help,-h flag once Show this message and exit'
            set -a arguments 'text once'
            set -a arguments 'text once'
        case 'completion'
            set -a options '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
            set -a options '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
            set -a options '--quiet,-q flag once No notes and no progress'
            set -a options '--debug flag once Say on stderr what is being done'
            set -a options '--no-color flag once No colour'
            set -a options '--tenant text once The tenant to sign in to, for people with several'
            set -a options '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
            set -a options '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
            set -a options '--timeout text once How long one answer or operation is waited for (90s, 10m)'
            set -a options '--help,-h flag once Show this message and exit'
            set -a arguments '=bash,zsh,fish,powershell,pwsh once'
        case '*'
            return 1
    end
end

# Finds an option by one of its names. Sets option to names, kind, often and help.
function __mlmon_find --no-scope-shadowing
    for row in $options
        set option (string split --max 3 ' ' -- $row)
        contains -- $argv[1] (string split , -- $option[1]); and return 0
    end
    set option
    return 1
end

# Takes note of an option and, where it has one already, its value.
function __mlmon_seen --no-scope-shadowing
    set awaited
    __mlmon_find $argv[1]; or return 0
    test $option[3] = many; or set -a given $option[1]
    test $option[2] != flag; or return 0
    if set -q argv[2]
        __mlmon_value $argv[1] $argv[2]
    else
        set awaited $argv[1]
    end
end

function __mlmon_value --no-scope-shadowing
    test $argv[1] != --workspace; or set workspace $argv[2]
end

# What the word under the cursor may be: sets kind (of a value, or `options`, `commands`, or nothing), and prefix.
function __mlmon_read --no-scope-shadowing
    __mlmon_grammar ''
    set -l line (commandline -opc)
    for word in $line[2..]
        if set -q awaited[1]
            __mlmon_value $awaited $word
            set awaited
        else if test -z "$ended"; and test "$word" = --
            set ended yes
        else if test -z "$ended"; and string match -q -- '--*' $word
            __mlmon_seen (string split --max 1 = -- $word)
        else if test -z "$ended"; and string match -q -- '-?*' $word
            set -l letters (string sub --start 2 -- $word)
            while set -q letters[1]
                set -l letter (string sub --length 1 -- $letters)
                set letters (string sub --start 2 -- $letters)
                test -n "$letters"; or set letters
                __mlmon_seen -$letter $letters
                test "$option[2]" = flag; or break
            end
        else if test -z "$command"
            set command $word
            __mlmon_grammar $command; or return 1
        else
            set -a taken $word
            set -l at (math min (count $taken), (count $arguments))
            test $at -gt 0; and string match -q 'services *' -- $arguments[$at]; and set service $word
        end
    end

    set -l typed (commandline -ct)
    if set -q awaited[1]
        __mlmon_find $awaited; and set kind $option[2]
        set taken
    else if test -z "$ended"; and string match -q -- '--*=*' $typed
        set -l name (string split --max 1 = -- $typed)[1]
        __mlmon_find $name; and set kind $option[2]
        set prefix $name=
        set taken
    else if test -z "$ended"; and string match -q -- '-*' $typed
        set kind options
    else if test -z "$command"
        set kind commands
    else
        set -l at (math (count $taken) + 1)
        set positional yes
        if set -q arguments[$at]
            set kind (string split ' ' -- $arguments[$at])[1]
        else if set -q arguments[1]; and string match -q '* many' -- $arguments[-1]
            set kind (string split ' ' -- $arguments[-1])[1]
        end
    end
    if test "$kind" = workspaces; and string match -qr '^[./~]' -- (string replace -- "$prefix" '' $typed)
        set kind folders
    end
    test -n "$kind"
end

# Prints what may stand under the cursor, with descriptions behind a TAB; for a kind, says whether it is that.
function __mlmon_complete
    set -l options
    set -l arguments
    set -l commands
    set -l option
    set -l command
    set -l ended
    set -l awaited
    set -l workspace
    set -l service
    set -l given
    set -l taken
    set -l positional
    set -l kind
    set -l prefix
    __mlmon_read; or return 1
    if set -q argv[1]
        test $kind = $argv[1]
        return
    end
    switch $kind
        case commands
            for row in $commands
                string replace ' ' \t -- $row
            end
        case options
            for row in $options
                set option (string split --max 3 ' ' -- $row)
                contains -- $option[1] $given; and continue
                for name in (string split , -- $option[1])
                    printf '%s\t%s\n' $name $option[4]
                end
            end
        case services collections workspaces queries
            command mlmon __complete $kind --workspace="$workspace" --service="$service" 2>/dev/null </dev/null | while read -l row
                set -l name (string split --max 1 \t -- $row)[1]
                # a name that looks like an option is one, unless -- ended them
                test -n "$positional"; and test -z "$ended"; and string match -q -- '-*' $name; and continue
                contains -- $name $taken; and continue
                # fish inserts a leading ~ as it is, which would mean a home folder; between quotation marks it is safe
                string match -q -- '~*' "$prefix$name"; and not string match -qr '^["\']' -- (commandline -ct); and continue
                printf '%s%s\n' $prefix $row
            end
        case '=*'
            printf "$prefix%s\n" (string split , -- (string sub --start 2 -- $kind))
        case folders
            set -l typed (string replace -- "$prefix" '' (commandline -ct))
            __fish_complete_directories $typed '' | string replace -r '^' -- "$prefix"
    end
end

complete -c mlmon -e
complete -c mlmon -f -k -a '(__mlmon_complete)'
complete -c mlmon -n '__mlmon_complete files' -F
